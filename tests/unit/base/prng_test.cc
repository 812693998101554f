// SPDX-License-Identifier: Apache-2.0
// The expected numbers come from a second implementation, which was itself checked against the published ones of
// xoshiro256** for the state {1, 2, 3, 4}.
#include "lib/base/prng.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace tutti {
namespace {

TEST(SplitMix64, GivesThePublishedSequenceOfSeedZero) {
  uint64_t state = 0;
  EXPECT_EQ(SplitMix64(state), 0xe220a8397b1dcdafu);
  EXPECT_EQ(SplitMix64(state), 0x6e789e6aa1b965f4u);
  EXPECT_EQ(SplitMix64(state), 0x06c45d188009454fu);
}

TEST(Prng, SameSeedGivesSameNumbersOnEveryPlatform) {
  Prng prng(42);
  EXPECT_EQ(prng.Next(), 0x1ff785474f113b15u);
  EXPECT_EQ(prng.Next(), 0x4b7867ceff5d8325u);
  EXPECT_EQ(prng.Next(), 0x90ca7a95a9909966u);
  EXPECT_EQ(Prng(0).Next(), 0xfb5405f7bd79c540u);
}

TEST(Prng, StreamsOfOneSeedDiffer) {
  Prng prng(42, 7);
  EXPECT_EQ(prng.Next(), 0x24bfb39aeb008c15u);
  EXPECT_EQ(prng.Next(), 0xd858489e7fc02496u);
  std::set<uint64_t> first;
  for (uint64_t stream = 0; stream < 1000; ++stream) first.insert(Prng(42, stream).Next());
  EXPECT_EQ(first.size(), 1000u);
}

TEST(Prng, BelowStaysBelowAndHitsEveryValueEqually) {
  Prng prng(1);
  std::vector<int> hits(7, 0);
  for (int i = 0; i < 70000; ++i) {
    const uint64_t value = prng.Below(7);
    ASSERT_LT(value, 7u);
    ++hits[value];
  }
  // 10000 expected, with a standard deviation of 93.
  for (int count : hits) EXPECT_NEAR(count, 10000, 500);
}

TEST(Prng, BelowCoversTrivialAndHugeBounds) {
  Prng prng(2);
  EXPECT_EQ(prng.Below(0), 0u);
  EXPECT_EQ(prng.Below(1), 0u);
  bool upper_half = false;
  for (int i = 0; i < 100; ++i) {
    const uint64_t value = prng.Below((uint64_t{1} << 63) + 1);
    ASSERT_LE(value, uint64_t{1} << 63);
    upper_half |= value > (uint64_t{1} << 62);
  }
  EXPECT_TRUE(upper_half);
}

TEST(Prng, BetweenIncludesBothEnds) {
  Prng prng(3);
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(prng.Between(-2, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(prng.Between(INT64_MAX, INT64_MAX), INT64_MAX);
  bool negative = false;
  for (int i = 0; i < 100; ++i) negative |= prng.Between(INT64_MIN, INT64_MAX) < 0;
  EXPECT_TRUE(negative);
}

TEST(Prng, UnitIsUniformOverZeroToOne) {
  Prng prng(4);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    const double value = prng.Unit();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 100000, 0.5, 0.005);
}

TEST(Prng, ChanceIsCertainAtTheEnds) {
  Prng prng(5);
  int hits = 0;
  for (int i = 0; i < 10000; ++i) {
    ASSERT_FALSE(prng.Chance(0.0));
    ASSERT_TRUE(prng.Chance(1.0));
    hits += prng.Chance(0.25);
  }
  EXPECT_NEAR(hits, 2500, 250);
}

}  // namespace
}  // namespace tutti
