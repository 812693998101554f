// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/levels.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Two racks of two hosts of two ranks.
Levels Nested() { return {{}, {0, 0, 1, 1, 2, 2, 3, 3}, {{7, 7, 7, 7, 9, 9, 9, 9}}}; }

TEST(Levels, OfSomeRanksAreNumberedAsTheyCome) {
  const Levels levels = Nested().Among({6, 0, 1, 4, 3});
  EXPECT_THAT(levels.groups, ElementsAre(0, 1, 1, 2, 3));
  EXPECT_THAT(levels.wider, ElementsAre(ElementsAre(0, 1, 1, 0, 1)));
}

TEST(Levels, LeavesOutWhatSaysNothing) {
  // Each rank on its own host: racks are left.
  const Levels one_each = Nested().Among({0, 2, 4, 6});
  EXPECT_THAT(one_each.groups, IsEmpty());
  EXPECT_THAT(one_each.wider, ElementsAre(ElementsAre(0, 0, 1, 1)));
  // One rack: hosts are left.
  const Levels one_rack = Nested().Among({0, 1, 2, 3});
  EXPECT_THAT(one_rack.groups, ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(one_rack.wider, IsEmpty());
  // Racks of one host are that host.
  const Levels one_host_each = Nested().Among({0, 1, 4, 5});
  EXPECT_THAT(one_host_each.groups, ElementsAre(0, 0, 1, 1));
  EXPECT_THAT(one_host_each.wider, IsEmpty());
  // One host, or one rank of each rack.
  EXPECT_TRUE(Nested().Among({0, 1}).empty());
  EXPECT_TRUE(Nested().Among({0, 7}).empty());
  EXPECT_TRUE(Nested().Among({}).empty());
}

TEST(Levels, PartsOfAHostThatAreTheHostAreLeftOut) {
  Levels levels = Nested();
  levels.finer = {{0, 1, 2, 3, 4, 5, 6, 7}, {0, 0, 1, 1, 2, 2, 3, 3}};
  EXPECT_THAT(levels.Among({0, 1, 2, 3, 4}).finer, IsEmpty());
  levels.groups = {0, 0, 0, 0, 1, 1, 1, 1};
  levels.wider.clear();
  EXPECT_THAT(levels.Among({0, 1, 2, 3}).finer, ElementsAre(ElementsAre(0, 0, 1, 1)));
  EXPECT_THAT(levels.Among({0, 1, 2, 3}).groups, IsEmpty());
}

TEST(Levels, KnowWhetherRacksHoldAboutAsManyHosts) {
  EXPECT_TRUE(Nested().Among({0, 1, 2, 3, 4, 5, 6, 7}).wider_is_even);
  EXPECT_TRUE(Nested().Among({0, 2, 4, 5}).wider_is_even) << "two hosts and one, one of them with two ranks";
  Levels levels = Nested();
  levels.wider = {{7, 7, 7, 7, 7, 7, 9, 9}};
  EXPECT_FALSE(levels.Among({0, 1, 2, 3, 4, 5, 6, 7}).wider_is_even) << "three hosts and one";
  levels.groups.clear();
  EXPECT_TRUE(levels.Among({0, 1, 6}).wider_is_even);
  EXPECT_FALSE(levels.Among({0, 1, 2, 6}).wider_is_even);
}

TEST(RanksByLevel, GoesThroughEachGroupOfEachLevelOnce) {
  Shape shape;
  shape.num_ranks = 8;
  EXPECT_THAT(RanksByLevel(shape), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  // Hosts 0 and 2 in one rack, 1 and 3 in the other, and ranks dealt out by turns.
  const Levels levels = {{}, {0, 1, 2, 3, 0, 1, 2, 3}, {{0, 1, 0, 1, 0, 1, 0, 1}}};
  levels.SetIn(shape);
  EXPECT_THAT(RanksByLevel(shape), ElementsAre(0, 4, 2, 6, 1, 5, 3, 7));
}

TEST(LevelsFinestFirst, HasHostsBetweenTheirPartsAndWhatHoldsThem) {
  Shape shape;
  shape.num_ranks = 2;
  const Levels levels = {{{1, 1}}, {2, 2}, {{3, 3}, {4, 4}}};
  levels.SetIn(shape);
  EXPECT_THAT(LevelsFinestFirst(shape),
              ElementsAre(ElementsAre(1, 1), ElementsAre(2, 2), ElementsAre(3, 3), ElementsAre(4, 4)));
  EXPECT_EQ(LevelsOf(shape).wider, levels.wider);
}

}  // namespace
}  // namespace tutti
