// SPDX-License-Identifier: Apache-2.0
// What the kernels should compute, one element at a time, from the definitions in include/tutti/types.h. Elements are
// held as their bits. Slow on purpose, and must share nothing with lib/reduce.
#ifndef TUTTI_TESTS_UNIT_REDUCE_REFERENCE_H_
#define TUTTI_TESTS_UNIT_REDUCE_REFERENCE_H_

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "lib/base/dtype.h"

namespace tutti::reference {

// A floating-point format by its sizes, after IEEE 754.
struct FloatFormat {
  int exponent_bits;
  int fraction_bits;

  int max_exponent() const { return (1 << (exponent_bits - 1)) - 1; }
  int min_exponent() const { return 1 - max_exponent(); }
  uint64_t infinity() const { return ((uint64_t{1} << exponent_bits) - 1) << fraction_bits; }
  uint64_t nan() const { return infinity() | uint64_t{1} << (fraction_bits - 1); }
  uint64_t sign_bit() const { return uint64_t{1} << (exponent_bits + fraction_bits); }
};
inline constexpr FloatFormat kFloat16Format{5, 10};
inline constexpr FloatFormat kBfloat16Format{8, 7};
inline constexpr FloatFormat kFloat32Format{8, 23};
inline constexpr FloatFormat kFloat64Format{11, 52};

inline double Decode(const FloatFormat& format, uint64_t bits) {
  const double sign = bits & format.sign_bit() ? -1.0 : 1.0;
  const uint64_t magnitude = bits & (format.sign_bit() - 1);
  if (magnitude > format.infinity()) return std::numeric_limits<double>::quiet_NaN();
  if (magnitude == format.infinity()) return sign * std::numeric_limits<double>::infinity();
  const uint64_t exponent = magnitude >> format.fraction_bits;
  const uint64_t fraction = magnitude & ((uint64_t{1} << format.fraction_bits) - 1);
  const int scale = (exponent == 0 ? 1 : static_cast<int>(exponent)) - format.max_exponent() - format.fraction_bits;
  const uint64_t significand = exponent == 0 ? fraction : fraction | uint64_t{1} << format.fraction_bits;
  return sign * std::ldexp(static_cast<double>(significand), scale);
}

// Rounds to nearest, ties to even.
inline uint64_t Encode(const FloatFormat& format, double value) {
  if (std::isnan(value)) return format.nan();
  const uint64_t sign = std::signbit(value) ? format.sign_bit() : 0;
  const double magnitude = std::fabs(value);
  if (std::isinf(magnitude)) return sign | format.infinity();
  if (magnitude == 0) return sign;
  int exponent = std::ilogb(magnitude);
  if (exponent < format.min_exponent()) exponent = format.min_exponent();
  // In units of the last place; std::nearbyint breaks ties to even.
  const auto units = static_cast<uint64_t>(std::nearbyint(std::ldexp(magnitude, format.fraction_bits - exponent)));
  // A subnormal has no implicit leading 1; a significand rounded up to 2 carries into the exponent. Both by addition.
  const uint64_t one = uint64_t{1} << format.fraction_bits;
  const uint64_t bits =
      units < one ? units
                  : units - one + (static_cast<uint64_t>(exponent + format.max_exponent()) << format.fraction_bits);
  return sign | (bits > format.infinity() ? format.infinity() : bits);
}

inline bool IsFloat(DataType type) { return type >= DataType::kFloat16; }
inline bool IsSigned(DataType type) {
  return type == DataType::kInt8 || type == DataType::kInt32 || type == DataType::kInt64;
}

inline const FloatFormat& FormatOf(DataType type) {
  switch (type) {
    case DataType::kFloat16:
      return kFloat16Format;
    case DataType::kBfloat16:
      return kBfloat16Format;
    case DataType::kFloat32:
      return kFloat32Format;
    default:
      return kFloat64Format;
  }
}

inline uint64_t Mask(DataType type) { return ~uint64_t{0} >> (64 - 8 * DataTypeBytes(type)); }

inline int64_t SignExtended(DataType type, uint64_t bits) {
  const uint64_t sign = uint64_t{1} << (8 * DataTypeBytes(type) - 1);
  return static_cast<int64_t>((bits ^ sign) - sign);
}

inline uint64_t CombineIntegers(DataType type, ReduceOp op, uint64_t a, uint64_t b) {
  const bool less = IsSigned(type) ? SignExtended(type, a) < SignExtended(type, b) : a < b;
  switch (op) {
    case ReduceOp::kSum:
    case ReduceOp::kAvg:
      return (a + b) & Mask(type);
    case ReduceOp::kProd:
      return (a * b) & Mask(type);
    case ReduceOp::kMin:
      return less ? a : b;
    case ReduceOp::kMax:
      return less ? b : a;
    case ReduceOp::kAnd:
      return a & b;
    case ReduceOp::kOr:
      return a | b;
    case ReduceOp::kXor:
      return a ^ b;
  }
  return 0;
}

// F: the type that sums and products are rounded to.
template <typename F>
F CombineFloats(ReduceOp op, F a, F b) {
  if (std::isnan(a) || std::isnan(b)) return std::numeric_limits<F>::quiet_NaN();
  switch (op) {
    case ReduceOp::kSum:
    case ReduceOp::kAvg:
      return a + b;
    case ReduceOp::kProd:
      return a * b;
    case ReduceOp::kMin:
      if (a == b) return std::signbit(a) ? a : b;
      return a < b ? a : b;
    case ReduceOp::kMax:
      if (a == b) return std::signbit(a) ? b : a;
      return a > b ? a : b;
    case ReduceOp::kAnd:
    case ReduceOp::kOr:
    case ReduceOp::kXor:
      break;  // not defined
  }
  return a;
}

// The elements reduced from left to right. One element is itself.
inline uint64_t Reduced(DataType type, ReduceOp op, const std::vector<uint64_t>& elements) {
  if (elements.size() == 1) return elements[0];
  if (!IsFloat(type)) {
    uint64_t result = elements[0];
    for (size_t i = 1; i < elements.size(); ++i) result = CombineIntegers(type, op, result, elements[i]);
    return result;
  }
  const FloatFormat& format = FormatOf(type);
  double result = Decode(format, elements[0]);
  for (size_t i = 1; i < elements.size(); ++i) {
    const double next = Decode(format, elements[i]);
    result = type == DataType::kFloat64
                 ? CombineFloats<double>(op, result, next)
                 : CombineFloats<float>(op, static_cast<float>(result), static_cast<float>(next));
  }
  return Encode(format, result);
}

inline uint64_t Finished(DataType type, ReduceOp op, uint64_t bits, uint32_t num_ranks) {
  if (op != ReduceOp::kAvg || num_ranks == 1) return bits;
  if (type == DataType::kFloat64) return Encode(kFloat64Format, Decode(kFloat64Format, bits) / num_ranks);
  if (IsFloat(type)) {
    const FloatFormat& format = FormatOf(type);
    return Encode(format, static_cast<float>(Decode(format, bits)) / static_cast<float>(num_ranks));
  }
  if (IsSigned(type)) return static_cast<uint64_t>(SignExtended(type, bits) / int64_t{num_ranks}) & Mask(type);
  return bits / num_ranks;
}

}  // namespace tutti::reference

#endif  // TUTTI_TESTS_UNIT_REDUCE_REFERENCE_H_
