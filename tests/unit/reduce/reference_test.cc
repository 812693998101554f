// SPDX-License-Identifier: Apache-2.0
// The reference itself, against what the compiler and the definitions of the formats say.
#include "reference.h"

#include <gtest/gtest.h>

#include "lib/base/prng.h"

namespace tutti {
namespace {

TEST(Reference, DecodesAndEncodesFloatsAsTheCompilerDoes) {
  Prng prng(1);
  for (int i = 0; i < 100000; ++i) {
    const auto bits = static_cast<uint32_t>(prng.Next());
    const float value = std::bit_cast<float>(bits);
    if (std::isnan(value)) continue;
    ASSERT_EQ(reference::Decode(reference::kFloat32Format, bits), static_cast<double>(value));
    ASSERT_EQ(reference::Encode(reference::kFloat32Format, value), bits);
    const auto wide_bits = prng.Next();
    const double wide = std::bit_cast<double>(wide_bits);
    if (std::isnan(wide)) continue;
    ASSERT_EQ(reference::Decode(reference::kFloat64Format, wide_bits), wide);
    ASSERT_EQ(reference::Encode(reference::kFloat64Format, wide), wide_bits);
    ASSERT_EQ(reference::Encode(reference::kFloat32Format, std::ldexp(value, -3)),
              std::bit_cast<uint32_t>(static_cast<float>(std::ldexp(static_cast<double>(value), -3))));
  }
}

TEST(Reference, KnowsTheLandmarksOfHalfPrecision) {
  EXPECT_EQ(reference::Decode(reference::kFloat16Format, 0x7bff), 65504.0);
  EXPECT_EQ(reference::Decode(reference::kFloat16Format, 0x0001), std::ldexp(1.0, -24));
  EXPECT_EQ(reference::Decode(reference::kFloat16Format, 0x3555), 0.333251953125);
  EXPECT_EQ(reference::Encode(reference::kFloat16Format, 65519.99), 0x7bffu);
  EXPECT_EQ(reference::Encode(reference::kFloat16Format, 65520.0), 0x7c00u);
  EXPECT_EQ(reference::Encode(reference::kFloat16Format, std::ldexp(1.0, -25)), 0u) << "a tie, to even";
  EXPECT_EQ(reference::Encode(reference::kFloat16Format, std::ldexp(1.5, -25)), 1u);
  EXPECT_EQ(reference::Encode(reference::kBfloat16Format, 3.14159265), 0x4049u);
  EXPECT_EQ(reference::Encode(reference::kBfloat16Format, 3.4e38), 0x7f80u);
}

}  // namespace
}  // namespace tutti
