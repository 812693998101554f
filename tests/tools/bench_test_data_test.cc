// SPDX-License-Identifier: Apache-2.0
// That the benchmark's check can fail: it accepts what a plain reduction in another order gives, and nothing else.
#include "bench/harness/test_data.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "bench/harness/number.h"

namespace tutti::bench {
namespace {

constexpr size_t kCount = 500;
constexpr size_t kFirst = 37;

// Calls test(data) for every operation and some numbers of ranks.
template <typename Test>
void ForAllData(tutti_dtype_t dtype, const Test& test) {
  for (int op = TUTTI_SUM; op <= (dtype < TUTTI_FLOAT16 ? TUTTI_XOR : TUTTI_AVG); ++op) {
    for (const int ranks : {1, 2, 7, 300}) {
      const TestData data = {dtype, true, static_cast<tutti_op_t>(op), ranks, 1};
      SCOPED_TRACE(std::string(tutti_op_name(data.op)) + " over " + std::to_string(ranks) + " ranks");
      test(data);
    }
  }
}

class TestDataTest : public testing::TestWithParam<tutti_dtype_t> {};

// From the last rank to the first, each step rounded to the type: exact data must not mind.
template <typename N>
std::vector<typename N::Stored> ReduceBackwards(const TestData& data) {
  using T = typename N::Stored;
  std::vector<T> sum(kCount), next(kCount);
  data.Fill(data.ranks - 1, kFirst, kCount, sum.data());
  for (int rank = data.ranks - 2; rank >= 0; --rank) {
    data.Fill(rank, kFirst, kCount, next.data());
    for (size_t i = 0; i < kCount; ++i) {
      if constexpr (N::kFloat) {
        const double a = N::Decode(sum[i]), b = N::Decode(next[i]);
        sum[i] = N::Encode(data.op == TUTTI_PROD  ? a * b
                           : data.op == TUTTI_MIN ? std::min(a, b)
                           : data.op == TUTTI_MAX ? std::max(a, b)
                                                  : a + b);
      } else {
        using U = std::make_unsigned_t<T>;
        const T a = sum[i], b = next[i];
        sum[i] = data.op == TUTTI_PROD  ? static_cast<T>(static_cast<U>(a) * static_cast<U>(b))
                 : data.op == TUTTI_MIN ? std::min(a, b)
                 : data.op == TUTTI_MAX ? std::max(a, b)
                 : data.op == TUTTI_AND ? static_cast<T>(a & b)
                 : data.op == TUTTI_OR  ? static_cast<T>(a | b)
                 : data.op == TUTTI_XOR ? static_cast<T>(a ^ b)
                                        : static_cast<T>(static_cast<U>(a) + static_cast<U>(b));
      }
    }
  }
  for (T& value : sum) {
    if (data.op != TUTTI_AVG) break;
    if constexpr (N::kFloat && sizeof(T) == 2) {
      continue;  // Encode does not round; averages of halves are checked against the library itself
    } else if constexpr (N::kFloat) {
      value = static_cast<T>(value / static_cast<T>(data.ranks));
    } else if constexpr (std::is_signed_v<T>) {
      value = static_cast<T>(int64_t{value} / data.ranks);
    } else {
      value = static_cast<T>(uint64_t{value} / static_cast<uint64_t>(data.ranks));
    }
  }
  return sum;
}

TEST_P(TestDataTest, AReductionInAnotherOrderIsRightAndEveryChangeIsSeen) {
  ForAllData(GetParam(), [](const TestData& data) {
    WithNumber(data.dtype, [&](auto number) {
      using N = decltype(number);
      if (data.op == TUTTI_AVG && N::kFloat && sizeof(typename N::Stored) == 2) return;
      auto result = ReduceBackwards<N>(data);
      EXPECT_EQ(data.CountWrongResult(kFirst, kCount, result.data()), 0u);
      auto* bytes = reinterpret_cast<unsigned char*>(result.data());
      bytes[123 * sizeof(result[0]) + sizeof(result[0]) - 1] ^= 0x40;
      EXPECT_EQ(data.CountWrongResult(kFirst, kCount, result.data()), 1u);
    });
  });
}

TEST_P(TestDataTest, InputsAreKnownByTheirPlaceAndChangesAreSeen) {
  ForAllData(GetParam(), [](const TestData& data) {
    std::vector<unsigned char> input(kCount * tutti_dtype_size(data.dtype));
    data.Fill(data.ranks - 1, kFirst, kCount, input.data());
    EXPECT_EQ(data.CountWrongInput(data.ranks - 1, kFirst, kCount, input.data()), 0u);
    input[7] ^= 1;
    EXPECT_EQ(data.CountWrongInput(data.ranks - 1, kFirst, kCount, input.data()), 1u);
  });
}

TEST_P(TestDataTest, OtherSeedsGiveOtherData) {
  ForAllData(GetParam(), [](const TestData& data) {
    std::vector<unsigned char> input(kCount * tutti_dtype_size(data.dtype));
    data.Fill(0, 0, kCount, input.data());
    TestData other = data;
    other.seed = data.seed + 1;
    EXPECT_GT(other.CountWrongInput(0, 0, kCount, input.data()), kCount / 4);
  });
}

INSTANTIATE_TEST_SUITE_P(AllTypes, TestDataTest,
                         testing::Values(TUTTI_INT8, TUTTI_UINT8, TUTTI_INT32, TUTTI_UINT32, TUTTI_INT64, TUTTI_UINT64,
                                         TUTTI_FLOAT16, TUTTI_BFLOAT16, TUTTI_FLOAT32, TUTTI_FLOAT64),
                         [](const auto& instance) { return std::string(tutti_dtype_name(instance.param)); });

TEST(TestDataBits, DataThatIsOnlyMovedIsAnyBits) {
  const TestData data = {TUTTI_FLOAT32, false, TUTTI_SUM, 2, 3};
  std::vector<uint32_t> input(1000);
  data.Fill(1, 0, input.size(), input.data());
  const uint32_t all_or = std::accumulate(input.begin(), input.end(), 0u, [](uint32_t a, uint32_t b) { return a | b; });
  EXPECT_EQ(all_or, 0xffffffffu);
  EXPECT_EQ(data.CountWrongInput(1, 0, input.size(), input.data()), 0u);
  EXPECT_GT(data.CountWrongInput(0, 0, input.size(), input.data()), 990u);
  EXPECT_GT(data.CountWrongInput(1, 1, input.size(), input.data()), 990u);
}

TEST(TestDataFloats, NanIsWrong) {
  const TestData data = {TUTTI_FLOAT32, true, TUTTI_SUM, 1, 3};
  const std::vector<float> nans(10, NAN);
  EXPECT_EQ(data.CountWrongResult(0, 10, nans.data()), 10u);
}

TEST(Number, HalfFormatsDecodeWhatTheyEncode) {
  for (const double value : {0.0, 1.0, -1.0, 2048.0, -2047.0, 0.00390625, 3.5}) {
    EXPECT_EQ(Float16::Decode(Float16::Encode(value)), value);
  }
  for (const double value : {0.0, 1.0, -255.0, 256.0, 0.00390625}) {
    EXPECT_EQ(Bfloat16::Decode(Bfloat16::Encode(value)), value);
  }
  EXPECT_EQ(Float16::Encode(1.0), 0x3c00);
  EXPECT_EQ(Bfloat16::Encode(1.0), 0x3f80);
  EXPECT_EQ(Float16::Decode(0x0001), std::ldexp(1, -24));
  EXPECT_EQ(Float16::Decode(0xfc00), -INFINITY);
  EXPECT_TRUE(std::isnan(Bfloat16::Decode(0x7fc0)));
}

}  // namespace
}  // namespace tutti::bench
