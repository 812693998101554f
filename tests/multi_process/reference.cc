// SPDX-License-Identifier: Apache-2.0
#include "tests/multi_process/reference.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace tutti::multi_process {
namespace {

// Half types as their bits. Only integers up to 256 in magnitude occur here; both formats hold these exactly.
struct Float16 {
  uint16_t bits;
  static Float16 From(double value) {
    if (value == 0) return {0};
    const uint32_t single = std::bit_cast<uint32_t>(static_cast<float>(value));
    const uint32_t exponent = ((single >> 23) & 0xff) - 127 + 15;
    return {static_cast<uint16_t>(((single >> 16) & 0x8000) | (exponent << 10) | ((single >> 13) & 0x3ff))};
  }
};
struct Bfloat16 {
  uint16_t bits;
  static Bfloat16 From(double value) {
    return {static_cast<uint16_t>(std::bit_cast<uint32_t>(static_cast<float>(value)) >> 16)};
  }
};

template <typename T>
T FromInteger(double value) {
  if constexpr (std::is_same_v<T, Float16> || std::is_same_v<T, Bfloat16>) {
    return T::From(value);
  } else {
    return static_cast<T>(value);
  }
}

// The integer behind a floating-point contribution.
int SmallInteger(const Data& data, int rank, size_t index) {
  const uint64_t mixed = Mix(data.round * 64 + static_cast<uint64_t>(rank), index, 1);
  switch (data.op) {
    case TUTTI_SUM:
      return static_cast<int>(mixed % 7) - 3;
    case TUTTI_PROD:  // at most 2^8 for 8 ranks
      return rank < 8 && mixed % 2 == 0 ? 2 : 1;
    case TUTTI_MIN:
    case TUTTI_MAX:
      return static_cast<int>(mixed % 201) - 100;
    case TUTTI_AVG:  // divisible by the number of ranks
      return data.num_ranks * (static_cast<int>(mixed % 5) - 2);
    case TUTTI_AND:
    case TUTTI_OR:
    case TUTTI_XOR:
      break;  // not defined
  }
  return 0;
}

template <typename T>
T Contribution(const Data& data, int rank, size_t index) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(Mix(data.round * 64 + static_cast<uint64_t>(rank), index, 2));
  } else {
    return FromInteger<T>(SmallInteger(data, rank, index));
  }
}

template <typename T>
T ReduceIntegers(const Data& data, size_t index) {
  uint64_t sum = 0, product = 1, every = ~uint64_t{0}, any = 0, odd = 0;
  T least = std::numeric_limits<T>::max(), greatest = std::numeric_limits<T>::min();
  for (int rank = 0; rank < data.num_ranks; ++rank) {
    const T value = Contribution<T>(data, rank, index);
    sum += static_cast<uint64_t>(value);
    product *= static_cast<uint64_t>(value);
    every &= static_cast<uint64_t>(value);
    any |= static_cast<uint64_t>(value);
    odd ^= static_cast<uint64_t>(value);
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  switch (data.op) {
    case TUTTI_SUM:
      return static_cast<T>(sum);
    case TUTTI_PROD:
      return static_cast<T>(product);
    case TUTTI_MIN:
      return least;
    case TUTTI_MAX:
      return greatest;
    case TUTTI_AVG:
      return static_cast<T>(static_cast<T>(sum) / static_cast<T>(data.num_ranks));
    case TUTTI_AND:
      return static_cast<T>(every);
    case TUTTI_OR:
      return static_cast<T>(any);
    case TUTTI_XOR:
      return static_cast<T>(odd);
  }
  return 0;
}

template <typename T>
T Reduction(const Data& data, size_t index) {
  if constexpr (std::is_integral_v<T>) {
    return ReduceIntegers<T>(data, index);
  } else {
    double result = SmallInteger(data, 0, index);
    for (int rank = 1; rank < data.num_ranks; ++rank) {
      const double value = SmallInteger(data, rank, index);
      if (data.op == TUTTI_SUM || data.op == TUTTI_AVG) result += value;
      if (data.op == TUTTI_PROD) result *= value;
      if (data.op == TUTTI_MIN) result = std::min(result, value);
      if (data.op == TUTTI_MAX) result = std::max(result, value);
    }
    return FromInteger<T>(data.op == TUTTI_AVG ? result / data.num_ranks : result);
  }
}

template <typename Body>
auto WithType(tutti_dtype_t dtype, Body body) {
  switch (dtype) {
    case TUTTI_INT8:
      return body(int8_t{});
    case TUTTI_UINT8:
      return body(uint8_t{});
    case TUTTI_INT32:
      return body(int32_t{});
    case TUTTI_UINT32:
      return body(uint32_t{});
    case TUTTI_INT64:
      return body(int64_t{});
    case TUTTI_UINT64:
      return body(uint64_t{});
    case TUTTI_FLOAT16:
      return body(Float16{});
    case TUTTI_BFLOAT16:
      return body(Bfloat16{});
    case TUTTI_FLOAT32:
      return body(float{});
    case TUTTI_FLOAT64:
      break;
  }
  return body(double{});
}

// Sums of small integers can be zero with either sign only by cancellation, which gives +0 in every order; so
// bits compare.
template <typename T>
std::string CompareBits(const Data& data, size_t first, const std::vector<T>& expected, const void* got) {
  if (expected.empty() || std::memcmp(expected.data(), got, expected.size() * sizeof(T)) == 0) return "";
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::memcmp(&expected[i], static_cast<const char*>(got) + i * sizeof(T), sizeof(T)) == 0) continue;
    uint64_t want_bits = 0, got_bits = 0;
    std::memcpy(&want_bits, &expected[i], sizeof(T));
    std::memcpy(&got_bits, static_cast<const char*>(got) + i * sizeof(T), sizeof(T));
    return "element " + std::to_string(first + i) + " of " + std::to_string(expected.size()) + " " +
           tutti_dtype_name(data.dtype) + " " + tutti_op_name(data.op) + " has the bits " + std::to_string(got_bits) +
           " instead of " + std::to_string(want_bits);
  }
  return "";
}

}  // namespace

uint64_t Mix(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t x = a * 0x9e3779b97f4a7c15u + b * 0xbf58476d1ce4e5b9u + c * 0x94d049bb133111ebu;
  for (int i = 0; i < 2; ++i) {
    x ^= x >> 31;
    x *= 0xff51afd7ed558ccdu;
    x ^= x >> 29;
  }
  return x;
}

void FillContribution(const Data& data, int rank, size_t first, size_t count, void* out) {
  WithType(data.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < count; ++i) static_cast<T*>(out)[i] = Contribution<T>(data, rank, first + i);
  });
}

std::string CheckReduction(const Data& data, size_t first, size_t count, const void* got) {
  return WithType(data.dtype, [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> expected(count);
    for (size_t i = 0; i < count; ++i) expected[i] = Reduction<T>(data, first + i);
    return CompareBits(data, first, expected, got);
  });
}

std::string CheckContribution(const Data& data, int rank, size_t first, size_t count, const void* got) {
  return WithType(data.dtype, [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> expected(count);
    FillContribution(data, rank, first, count, expected.data());
    return CompareBits(data, first, expected, got);
  });
}

}  // namespace tutti::multi_process
