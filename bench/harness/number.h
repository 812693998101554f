// SPDX-License-Identifier: Apache-2.0
// Element types as the benchmark's reference sees them: stored as bits, computed with as a C++ number that holds all results
// exactly. Written apart from the library's kernels on purpose: a reference that shared their code would share their mistakes.
#ifndef TUTTI_BENCH_HARNESS_NUMBER_H_
#define TUTTI_BENCH_HARNESS_NUMBER_H_

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "tutti/tutti.h"

namespace tutti::bench {

template <typename T>
struct Integer {
  using Stored = T;
  using Value = T;
  static constexpr bool kFloat = false;
  static Value Decode(Stored bits) { return bits; }
};

// IEEE-like formats with `significand` bits (the hidden one included) that are not C++ types.
template <int exponent_bits, int significand>
struct SmallFloat {
  using Stored = uint16_t;
  using Value = double;
  static constexpr bool kFloat = true;
  static constexpr int kSignificandBits = significand;
  static constexpr int kFractionBits = significand - 1;
  static constexpr int kBias = (1 << (exponent_bits - 1)) - 1;
  static constexpr int kMaxExponent = (1 << exponent_bits) - 1;

  static double Decode(uint16_t bits) {
    const int exponent = (bits >> kFractionBits) & kMaxExponent;
    const int fraction = bits & ((1 << kFractionBits) - 1);
    double magnitude;
    if (exponent == kMaxExponent) {
      magnitude = fraction != 0 ? NAN : INFINITY;
    } else if (exponent == 0) {
      magnitude = std::ldexp(fraction, 1 - kBias - kFractionBits);
    } else {
      magnitude = std::ldexp(fraction + (1 << kFractionBits), exponent - kBias - kFractionBits);
    }
    return (bits >> 15) != 0 ? -magnitude : magnitude;
  }

  // `value` must be 0 or a normal number of the format.
  static uint16_t Encode(double value) {
    if (value == 0) return 0;
    int exponent = 0;
    const double fraction = std::frexp(std::fabs(value), &exponent);  // [0.5, 1)
    const int scaled = static_cast<int>(std::ldexp(fraction, kSignificandBits));
    const int bits = ((exponent - 1 + kBias) << kFractionBits) | (scaled & ((1 << kFractionBits) - 1));
    return static_cast<uint16_t>(bits | (value < 0 ? 0x8000 : 0));
  }
};

template <typename T, int significand>
struct Float {
  using Stored = T;
  using Value = double;
  static constexpr bool kFloat = true;
  static constexpr int kSignificandBits = significand;
  static double Decode(T bits) { return bits; }
  static T Encode(double value) { return static_cast<T>(value); }
};

using Float16 = SmallFloat<5, 11>;
using Bfloat16 = SmallFloat<8, 8>;
using Float32 = Float<float, 24>;
using Float64 = Float<double, 53>;

// Calls function(N()) with the N that stands for the type.
template <typename Function>
auto WithNumber(tutti_dtype_t dtype, const Function& function) {
  switch (dtype) {
    case TUTTI_INT8:
      return function(Integer<int8_t>());
    case TUTTI_UINT8:
      return function(Integer<uint8_t>());
    case TUTTI_INT32:
      return function(Integer<int32_t>());
    case TUTTI_UINT32:
      return function(Integer<uint32_t>());
    case TUTTI_INT64:
      return function(Integer<int64_t>());
    case TUTTI_UINT64:
      return function(Integer<uint64_t>());
    case TUTTI_FLOAT16:
      return function(Float16());
    case TUTTI_BFLOAT16:
      return function(Bfloat16());
    case TUTTI_FLOAT32:
      return function(Float32());
    case TUTTI_FLOAT64:
      break;
  }
  return function(Float64());
}

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_NUMBER_H_
