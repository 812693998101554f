// SPDX-License-Identifier: Apache-2.0
// The cases that the definitions in include/tutti/types.h settle, written out: wrap-around, NaN, infinities, zeros,
// subnormal numbers and rounding.
#include <cmath>
#include <limits>

#include "kernel_test_support.h"

namespace tutti {
namespace {

class SpecialValuesTest : public KernelTest {
 protected:
  // The result of a op b, computed at the given place of a range so that vector bodies and tails are both met.
  template <typename T>
  T Combine(DataType type, ReduceOp op, T a, T b, size_t place = 0) {
    std::vector<T> left(200, T{}), right(200, T{}), dst(200, T{});
    left[place] = a;
    right[place] = b;
    Kernels(type, op).reduce(dst.data(), left.data(), right.data(), place + 1);
    return dst[place];
  }
};
TUTTI_FOR_EVERY_TARGET(SpecialValuesTest);

TEST_P(SpecialValuesTest, IntegersWrapAround) {
  for (size_t place : {0, 5, 64, 199}) {
    EXPECT_EQ(Combine<int8_t>(DataType::kInt8, ReduceOp::kSum, 127, 1, place), -128);
    EXPECT_EQ(Combine<int8_t>(DataType::kInt8, ReduceOp::kProd, -128, -1, place), -128);
    EXPECT_EQ(Combine<uint8_t>(DataType::kUint8, ReduceOp::kProd, 255, 255, place), 1);
    EXPECT_EQ(Combine<int32_t>(DataType::kInt32, ReduceOp::kSum, INT32_MAX, 1, place), INT32_MIN);
    EXPECT_EQ(Combine<uint32_t>(DataType::kUint32, ReduceOp::kProd, UINT32_MAX, UINT32_MAX, place), 1u);
    EXPECT_EQ(Combine<int64_t>(DataType::kInt64, ReduceOp::kSum, INT64_MIN, -1, place), INT64_MAX);
    EXPECT_EQ(Combine<uint64_t>(DataType::kUint64, ReduceOp::kProd, 0x100000001u, 0x100000001u, place),
              0x0000000200000001u);
  }
}

TEST_P(SpecialValuesTest, ExtremesKnowSigns) {
  EXPECT_EQ(Combine<int8_t>(DataType::kInt8, ReduceOp::kMin, -1, 1), -1);
  EXPECT_EQ(Combine<uint8_t>(DataType::kUint8, ReduceOp::kMin, 255, 1), 1);
  EXPECT_EQ(Combine<int64_t>(DataType::kInt64, ReduceOp::kMax, INT64_MIN, 0), 0);
  EXPECT_EQ(Combine<uint64_t>(DataType::kUint64, ReduceOp::kMax, uint64_t{1} << 63, 0), uint64_t{1} << 63);
}

TEST_P(SpecialValuesTest, EveryNanIsTheSameNan) {
  const float inf = std::numeric_limits<float>::infinity();
  const float payload = std::bit_cast<float>(0xffc01234u);
  const float signalling = std::bit_cast<float>(0x7f800001u);
  const auto bits = [&](ReduceOp op, float a, float b, size_t place) {
    return std::bit_cast<uint32_t>(Combine<float>(DataType::kFloat32, op, a, b, place));
  };
  for (size_t place : {0, 3, 64, 199}) {
    EXPECT_EQ(bits(ReduceOp::kSum, inf, -inf, place), 0x7fc00000u);
    EXPECT_EQ(bits(ReduceOp::kProd, inf, 0.0f, place), 0x7fc00000u);
    for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kProd, ReduceOp::kMin, ReduceOp::kMax, ReduceOp::kAvg}) {
      EXPECT_EQ(bits(op, payload, 1.0f, place), 0x7fc00000u);
      EXPECT_EQ(bits(op, 1.0f, signalling, place), 0x7fc00000u);
      EXPECT_EQ(bits(op, payload, signalling, place), 0x7fc00000u);
      EXPECT_EQ(bits(op, -inf, payload, place), 0x7fc00000u);
    }
  }
}

TEST_P(SpecialValuesTest, MinusZeroIsBelowPlusZero) {
  for (size_t place : {0, 3, 64, 199}) {
    EXPECT_TRUE(std::signbit(Combine<double>(DataType::kFloat64, ReduceOp::kMin, 0.0, -0.0, place)));
    EXPECT_TRUE(std::signbit(Combine<double>(DataType::kFloat64, ReduceOp::kMin, -0.0, 0.0, place)));
    EXPECT_FALSE(std::signbit(Combine<double>(DataType::kFloat64, ReduceOp::kMax, 0.0, -0.0, place)));
    EXPECT_FALSE(std::signbit(Combine<double>(DataType::kFloat64, ReduceOp::kMax, -0.0, 0.0, place)));
    EXPECT_EQ(Combine<uint16_t>(DataType::kFloat16, ReduceOp::kMin, 0x0000, 0x8000, place), 0x8000);
    EXPECT_EQ(Combine<uint16_t>(DataType::kBfloat16, ReduceOp::kMax, 0x8000, 0x0000, place), 0x0000);
  }
}

TEST_P(SpecialValuesTest, SubnormalNumbersAreNotFlushed) {
  const float least = std::numeric_limits<float>::denorm_min();
  EXPECT_EQ(Combine<float>(DataType::kFloat32, ReduceOp::kSum, least, least), 2 * least);
  EXPECT_EQ(Combine<uint16_t>(DataType::kFloat16, ReduceOp::kSum, 0x0001, 0x0001), 0x0002);
  EXPECT_EQ(Combine<uint16_t>(DataType::kFloat16, ReduceOp::kSum, 0x03ff, 0x0001), 0x0400);
  EXPECT_EQ(Combine<uint16_t>(DataType::kBfloat16, ReduceOp::kSum, 0x0001, 0x0001), 0x0002);
}

TEST_P(SpecialValuesTest, HalvesRoundToNearestEvenAndOverflowToInfinity) {
  // 1 + 2^-11 and 1 + 3 * 2^-11 lie halfway between two float16 numbers.
  EXPECT_EQ(Combine<uint16_t>(DataType::kFloat16, ReduceOp::kSum, 0x3c00, 0x1000), 0x3c00);
  EXPECT_EQ(Combine<uint16_t>(DataType::kFloat16, ReduceOp::kSum, 0x3c01, 0x1000), 0x3c02);
  EXPECT_EQ(Combine<uint16_t>(DataType::kFloat16, ReduceOp::kSum, 0x7bff, 0x4c00), 0x7c00) << "65504 + 16";
  EXPECT_EQ(Combine<uint16_t>(DataType::kFloat16, ReduceOp::kSum, 0x7bff, 0x4b00), 0x7bff) << "65504 + 14";
  // 1 + 2^-8, 1 + 3 * 2^-8.
  EXPECT_EQ(Combine<uint16_t>(DataType::kBfloat16, ReduceOp::kSum, 0x3f80, 0x3b80), 0x3f80);
  EXPECT_EQ(Combine<uint16_t>(DataType::kBfloat16, ReduceOp::kSum, 0x3f81, 0x3b80), 0x3f82);
  EXPECT_EQ(Combine<uint16_t>(DataType::kBfloat16, ReduceOp::kSum, 0x7f7f, 0x7f7f), 0x7f80);
}

TEST_P(SpecialValuesTest, EveryHalfSurvivesTheWayThroughFloat) {
  for (DataType type : {DataType::kFloat16, DataType::kBfloat16}) {
    const reference::FloatFormat& format = reference::FormatOf(type);
    std::vector<uint16_t> all(65536), minus_zero(65536, 0x8000), dst(65536);
    for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
    Kernels(type, ReduceOp::kSum).reduce(dst.data(), all.data(), minus_zero.data(), all.size());
    for (size_t i = 0; i < all.size(); ++i) {
      const bool is_nan = (i & 0x7fff) > format.infinity();
      ASSERT_EQ(dst[i], is_nan ? format.nan() : i) << DataTypeName(type);
    }
  }
}

TEST_P(SpecialValuesTest, EveryHalfRoundsAsTheReferenceDoes) {
  // Each half times others of many magnitudes: normal, subnormal and overflowing products, with all kinds of ties.
  Prng prng(9);
  for (DataType type : {DataType::kFloat16, DataType::kBfloat16}) {
    std::vector<uint16_t> all(65536), factor(65536), dst(65536);
    for (size_t i = 0; i < all.size(); ++i) {
      all[i] = static_cast<uint16_t>(i);
      factor[i] = static_cast<uint16_t>(prng.Next());
    }
    for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kProd}) {
      Kernels(type, op).reduce(dst.data(), all.data(), factor.data(), all.size());
      for (size_t i = 0; i < all.size(); ++i) {
        ASSERT_EQ(dst[i], reference::Reduced(type, op, {all[i], factor[i]}))
            << DataTypeName(type) << " " << ReduceOpName(op) << " " << std::hex << all[i] << " " << factor[i];
      }
    }
  }
}

TEST_P(SpecialValuesTest, ManyHalvesAreRoundedOnce) {
  // In bfloat16, 256 + 1 is a tie that falls back to 256 each time; in float the ones add up.
  std::vector<uint16_t> large(40, 0x4380), one(40, 0x3f80), dst(40);
  const void* sources[5] = {large.data(), one.data(), one.data(), one.data(), one.data()};
  Kernels(DataType::kBfloat16, ReduceOp::kSum).reduce_many(dst.data(), sources, 5, dst.size());
  for (uint16_t bits : dst) EXPECT_EQ(bits, 0x4382) << "260";
}

}  // namespace
}  // namespace tutti
