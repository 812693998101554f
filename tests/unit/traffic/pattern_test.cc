// SPDX-License-Identifier: Apache-2.0
// Rings and trees, found from who sends to whom.
#include "tools/traffic/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tutti::traffic {
namespace {

using testing::ElementsAre;

std::vector<Flow> Flows(std::initializer_list<std::pair<int, int>> ends) {
  std::vector<Flow> flows;
  for (const auto& [from, to] : ends) flows.push_back({from, to, simulate::PathClass::kHost, {1, 1}});
  return flows;
}

TEST(TrafficPattern, ARingIsOneLineInItsOrder) {
  const Pattern pattern = PatternOf(Flows({{0, 2}, {1, 3}, {2, 1}, {3, 0}}), 4, 0);
  EXPECT_EQ(pattern.kind, PatternKind::kRings);
  ASSERT_EQ(pattern.rings.size(), 1u);
  EXPECT_THAT(pattern.rings[0], ElementsAre(0, 2, 1, 3));
  EXPECT_EQ(PatternText(pattern), "ring: 0 > 2 > 1 > 3 > 0\n");
}

TEST(TrafficPattern, SeveralRingsLeaveOthersOut) {
  const Pattern pattern = PatternOf(Flows({{0, 4}, {4, 0}, {2, 6}, {6, 2}}), 8, 0);
  EXPECT_EQ(pattern.kind, PatternKind::kRings);
  EXPECT_EQ(PatternText(pattern), "pair: 0 <> 4\npair: 2 <> 6\n");
}

TEST(TrafficPattern, ATreeIsIndentedUnderItsRootAndAChainIsALine) {
  const Pattern down = PatternOf(Flows({{3, 0}, {3, 1}, {1, 2}, {2, 4}}), 5, 0);
  EXPECT_EQ(down.kind, PatternKind::kTreesDown);
  EXPECT_EQ(PatternText(down), "tree, down from its root:\n  3\n    0\n    1 > 2 > 4\n");
  const Pattern up = PatternOf(Flows({{0, 3}, {1, 3}, {2, 1}}), 4, 0);
  EXPECT_EQ(up.kind, PatternKind::kTreesUp);
  EXPECT_EQ(PatternText(up), "tree, up to its root:\n  3\n    0\n    1 > 2\n");
}

TEST(TrafficPattern, ATreeThatGoesBothWaysIsShownFromTheRoot) {
  const std::vector<Flow> flows = Flows({{0, 1}, {1, 0}, {1, 2}, {2, 1}, {1, 3}, {3, 1}});
  EXPECT_EQ(PatternText(PatternOf(flows, 4, 1)), "tree, up and down:\n  1\n    0\n    2\n    3\n");
  EXPECT_EQ(PatternText(PatternOf(flows, 4, 0)), "tree, up and down:\n  0 > 1\n    2\n    3\n");
}

TEST(TrafficPattern, WhatIsNeitherIsNotCalledSo) {
  EXPECT_EQ(PatternOf(Flows({{0, 1}, {1, 2}, {2, 0}, {0, 2}}), 3, 0).kind, PatternKind::kOther);
  EXPECT_EQ(PatternOf(Flows({{0, 1}, {1, 0}, {1, 2}, {2, 1}, {0, 2}, {2, 0}}), 3, 0).kind, PatternKind::kOther);
  EXPECT_EQ(PatternOf(Flows({{0, 1}, {1, 0}, {0, 2}}), 3, 0).kind, PatternKind::kOther) << "0 and 1 send in a circle";
  EXPECT_EQ(PatternOf({}, 3, 0).kind, PatternKind::kOther);
  EXPECT_EQ(PatternText(Pattern()), "");
}

}  // namespace
}  // namespace tutti::traffic
