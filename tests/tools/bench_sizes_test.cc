// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/sizes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tutti::bench {
namespace {

using testing::ElementsAre;

TEST(Sizes, UnitsArePowersOf1024) {
  EXPECT_EQ(ParseSize("0"), 0u);
  EXPECT_EQ(ParseSize("8"), 8u);
  EXPECT_EQ(ParseSize("8B"), 8u);
  EXPECT_EQ(ParseSize("4K"), 4096u);
  EXPECT_EQ(ParseSize("4k"), 4096u);
  EXPECT_EQ(ParseSize("4KB"), 4096u);
  EXPECT_EQ(ParseSize("64MiB"), 64u << 20);
  EXPECT_EQ(ParseSize("1.5G"), 3u << 29);
}

TEST(Sizes, WhatIsNoSizeIsRefused) {
  for (const char* text : {"",
                           "K",
                           "-8",
                           "+8",
                           " 8",
                           "8 ",
                           "8X",
                           "8KX",
                           "8KBB",
                           "8iB",
                           "1.5",
                           "0.3K",
                           "1e3",
                           "0x10",
                           "nan",
                           "inf",
                           ".",
                           "1.2.3K",
                           "99999999999999999999",
                           "2097152T"}) {
    EXPECT_EQ(ParseSize(text), std::nullopt) << text;
  }
}

TEST(Sizes, ASeriesMultipliesOrAddsUpToTheLargest) {
  EXPECT_THAT(SizesOf({8, 100, 2, 0}), ElementsAre(8, 16, 32, 64));
  EXPECT_THAT(SizesOf({8, 64, 2, 0}), ElementsAre(8, 16, 32, 64));
  EXPECT_THAT(SizesOf({10, 40, 2, 10}), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(SizesOf({0, 16, 2, 0}), ElementsAre(0, 8, 16));
  EXPECT_THAT(SizesOf({4, 6, 1.01, 0}), ElementsAre(4, 5, 6));
  EXPECT_THAT(SizesOf({7, 7, 2, 0}), ElementsAre(7));
}

}  // namespace
}  // namespace tutti::bench
