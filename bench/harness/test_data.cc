// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/test_data.h"

#include <algorithm>
#include <vector>

#include "bench/harness/number.h"

namespace tutti::bench {
namespace {

uint64_t Mix(uint64_t z) {  // the finalizer of splitmix64
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;

uint64_t SeedOf(uint64_t seed, int rank) { return Mix(seed + kGolden * static_cast<uint64_t>(rank + 1)); }
uint64_t Bits(uint64_t rank_seed, size_t index) { return Mix(rank_seed + kGolden * index); }

// A number in [0, bound), bound up to 2^32.
uint64_t Below(uint64_t bits, uint64_t bound) { return ((bits >> 32) * bound) >> 32; }

// Which floats a reduction may add or multiply so that all partial results are exact.
struct FloatRange {
  int64_t amplitude = 1;  // integers from -amplitude to amplitude; for products the largest exponent of two
  size_t stride = 1;      // only every stride-th rank has more than a neutral value, at each index others

  FloatRange(int significand_bits, tutti_op_t op, int ranks) {
    const int64_t n = ranks;
    const int64_t exact = int64_t{1} << std::min(significand_bits, 30);  // integers up to it are exact
    if (op == TUTTI_MIN || op == TUTTI_MAX) {
      amplitude = exact;
    } else if (op == TUTTI_PROD) {
      constexpr int64_t kMaxFactors = 8;  // 2^-8 to 2^8 are normal numbers of all types
      stride = static_cast<size_t>((n + kMaxFactors - 1) / kMaxFactors);
    } else {
      amplitude = std::max<int64_t>(exact / n, 1);
      stride = static_cast<size_t>((n + exact - 1) / exact);
    }
  }
};

// The float input of a rank at an index. N: its type.
template <typename N>
class FloatInput {
 public:
  FloatInput(const TestData& data, int rank)
      : range_(N::kSignificandBits, data.op, data.ranks),
        seed_(SeedOf(data.seed, rank)),
        rank_(static_cast<size_t>(rank)),
        product_(data.op == TUTTI_PROD) {}

  double operator()(size_t index) const {
    const uint64_t bits = Bits(seed_, index);
    const bool neutral = range_.stride > 1 && (rank_ + index) % range_.stride != 0;
    if (product_) {
      static constexpr double kFactors[] = {0.5, 1, 2, 1};
      const double factor = neutral ? 1 : kFactors[bits & 3];
      return (bits & 4) != 0 ? -factor : factor;
    }
    if (neutral) return 0;
    const int64_t values = 2 * range_.amplitude + 1;
    return static_cast<double>(static_cast<int64_t>(Below(bits, static_cast<uint64_t>(values))) - range_.amplitude);
  }
  typename N::Stored Stored(size_t index) const { return N::Encode((*this)(index)); }

 private:
  FloatRange range_;
  uint64_t seed_;
  size_t rank_;
  bool product_;
};

// Random bits, read as the stored type T.
template <typename T>
class BitsInput {
 public:
  BitsInput(const TestData& data, int rank) : seed_(SeedOf(data.seed, rank)) {}
  T operator()(size_t index) const { return static_cast<T>(Bits(seed_, index)); }
  T Stored(size_t index) const { return (*this)(index); }

 private:
  uint64_t seed_;
};

template <typename T>
T CombineIntegers(tutti_op_t op, T a, T b) {
  using U = std::make_unsigned_t<T>;
  switch (op) {
    case TUTTI_MIN:
      return std::min(a, b);
    case TUTTI_MAX:
      return std::max(a, b);
    case TUTTI_PROD:
      return static_cast<T>(static_cast<U>(static_cast<U>(a) * static_cast<U>(b)));
    case TUTTI_AND:
      return static_cast<T>(a & b);
    case TUTTI_OR:
      return static_cast<T>(a | b);
    case TUTTI_XOR:
      return static_cast<T>(a ^ b);
    case TUTTI_SUM:
    case TUTTI_AVG:
      break;
  }
  return static_cast<T>(static_cast<U>(static_cast<U>(a) + static_cast<U>(b)));
}

double CombineFloats(tutti_op_t op, double a, double b) {
  switch (op) {
    case TUTTI_MIN:
      return std::min(a, b);
    case TUTTI_MAX:
      return std::max(a, b);
    case TUTTI_PROD:
      return a * b;
    case TUTTI_SUM:
    case TUTTI_AVG:
    case TUTTI_AND:  // not defined
    case TUTTI_OR:
    case TUTTI_XOR:
      break;
  }
  return a + b;
}

template <typename T>
T DivideTowardsZero(T sum, int ranks) {
  if constexpr (std::is_signed_v<T>) {
    return static_cast<T>(int64_t{sum} / ranks);
  } else {
    return static_cast<T>(uint64_t{sum} / static_cast<uint64_t>(ranks));
  }
}

template <typename Input>
std::vector<Input> InputsOfAll(const TestData& data) {
  std::vector<Input> inputs;
  for (int rank = 0; rank < data.ranks; ++rank) inputs.emplace_back(data, rank);
  return inputs;
}

template <typename T>
uint64_t CountWrongIntegers(const TestData& data, size_t first, size_t count, const T* got) {
  const auto inputs = InputsOfAll<BitsInput<T>>(data);
  uint64_t wrong = 0;
  for (size_t i = 0; i < count; ++i) {
    T expected = inputs[0](first + i);
    for (size_t r = 1; r < inputs.size(); ++r) expected = CombineIntegers(data.op, expected, inputs[r](first + i));
    if (data.op == TUTTI_AVG) expected = DivideTowardsZero(expected, data.ranks);
    wrong += got[i] != expected;
  }
  return wrong;
}

template <typename N>
uint64_t CountWrongFloats(const TestData& data, size_t first, size_t count, const typename N::Stored* got) {
  const auto inputs = InputsOfAll<FloatInput<N>>(data);
  const double tolerance = data.op == TUTTI_AVG ? std::ldexp(1.0, 1 - N::kSignificandBits) : 0;
  uint64_t wrong = 0;
  for (size_t i = 0; i < count; ++i) {
    double expected = inputs[0](first + i);
    for (size_t r = 1; r < inputs.size(); ++r) expected = CombineFloats(data.op, expected, inputs[r](first + i));
    if (data.op == TUTTI_AVG) expected /= data.ranks;
    // Not "difference > tolerance": a NaN must be wrong.
    wrong += !(std::fabs(N::Decode(got[i]) - expected) <= tolerance * std::fabs(expected));
  }
  return wrong;
}

// An unsigned integer as large as the type, for data that is only moved.
template <typename Function>
auto WithBits(tutti_dtype_t dtype, const Function& function) {
  switch (tutti_dtype_size(dtype)) {
    case 1:
      return function(uint8_t{});
    case 2:
      return function(uint16_t{});
    case 4:
      return function(uint32_t{});
    default:
      return function(uint64_t{});
  }
}

// Calls function(input) with the input of one rank, whose Stored(index) gives its elements as they lie in memory.
template <typename Function>
auto WithInput(const TestData& data, int rank, const Function& function) {
  if (!data.reduces) {
    return WithBits(data.dtype, [&](auto bits) { return function(BitsInput<decltype(bits)>(data, rank)); });
  }
  return WithNumber(data.dtype, [&](auto number) {
    using N = decltype(number);
    if constexpr (N::kFloat) {
      return function(FloatInput<N>(data, rank));
    } else {
      return function(BitsInput<typename N::Stored>(data, rank));
    }
  });
}

}  // namespace

void TestData::Fill(int rank, size_t first, size_t count, void* out) const {
  WithInput(*this, rank, [&](const auto& input) {
    auto* to = static_cast<decltype(input.Stored(0))*>(out);
    for (size_t i = 0; i < count; ++i) to[i] = input.Stored(first + i);
  });
}

uint64_t TestData::CountWrongInput(int rank, size_t first, size_t count, const void* got) const {
  return WithInput(*this, rank, [&](const auto& input) {
    using T = decltype(input.Stored(0));
    const auto* bytes = static_cast<const unsigned char*>(got);
    uint64_t wrong = 0;
    for (size_t i = 0; i < count; ++i) {
      const T expected = input.Stored(first + i);  // compared as bits: -0 for 0 is wrong here
      wrong += std::memcmp(bytes + i * sizeof(T), &expected, sizeof(T)) != 0;
    }
    return wrong;
  });
}

uint64_t TestData::CountWrongResult(size_t first, size_t count, const void* got) const {
  return WithNumber(dtype, [&](auto number) {
    using N = decltype(number);
    const auto* values = static_cast<const typename N::Stored*>(got);
    if constexpr (N::kFloat) {
      return CountWrongFloats<N>(*this, first, count, values);
    } else {
      return CountWrongIntegers<typename N::Stored>(*this, first, count, values);
    }
  });
}

}  // namespace tutti::bench
