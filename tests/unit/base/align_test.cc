// SPDX-License-Identifier: Apache-2.0
#include "lib/base/align.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

TEST(Align, RoundsToMultiplesThatNeedNotBePowersOfTwo) {
  EXPECT_EQ(CeilDiv(0, 7), 0u);
  EXPECT_EQ(CeilDiv(14, 7), 2u);
  EXPECT_EQ(CeilDiv(15, 7), 3u);
  EXPECT_EQ(RoundUp(0, 64), 0u);
  EXPECT_EQ(RoundUp(1, 64), 64u);
  EXPECT_EQ(RoundUp(64, 64), 64u);
  EXPECT_EQ(RoundUp(15, 7), 21u);
  EXPECT_EQ(RoundDown(63, 64), 0u);
  EXPECT_EQ(RoundDown(20, 7), 14u);
}

TEST(Align, HoldsAtTheEndOfTheRange) {
  EXPECT_EQ(CeilDiv(UINT64_MAX, 1), UINT64_MAX);
  EXPECT_EQ(CeilDiv(UINT64_MAX, 2), uint64_t{1} << 63);
  EXPECT_EQ(RoundUp(UINT64_MAX - 63, 64), UINT64_MAX - 63);
}

TEST(Align, KnowsPowersOfTwo) {
  EXPECT_FALSE(IsPowerOfTwo(0));
  EXPECT_TRUE(IsPowerOfTwo(1));
  EXPECT_FALSE(IsPowerOfTwo(3));
  EXPECT_TRUE(IsPowerOfTwo(uint64_t{1} << 63));
}

}  // namespace
}  // namespace tutti
