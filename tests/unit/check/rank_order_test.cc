// SPDX-License-Identifier: Apache-2.0
// What the verifier says of schedules for operations that do not commute.
#include <gtest/gtest.h>

#include "collectives/check/verifier.h"
#include "expect_rule.h"
#include "hand_schedule.h"

namespace tutti::check {
namespace {

const Shape kThree = MakeShape(Collective::kReduce, 3, 4);
constexpr VerifyOptions kInOrder{.in_rank_order = true};

// Ranks 1 and 2 send to rank 0, which reduces in this order.
Schedules InOrder(const std::vector<int>& order) {
  const Region places[] = {In(0, 4), Scratch(0, 4), Scratch(4, 4)};
  std::vector<Region> sources;
  for (int rank : order) sources.push_back(places[rank]);
  return {Hand(8).Recv(1, 0, Scratch(0, 4)).Recv(2, 0, Scratch(4, 4)).Reduce(Out(0, 4), sources, {0, 1}).Completes(),
          Hand().Send(0, 0, In(0, 4)), Hand().Send(0, 0, In(0, 4))};
}

TEST(RankOrderRule, AcceptsOperandsInTheOrderOfRanks) { ExpectProved(kThree, InOrder({0, 1, 2}), kInOrder); }

TEST(RankOrderRule, RefusesAnyOtherOrderButOnlyWhereItIsDemanded) {
  for (const std::vector<int>& order : std::vector<std::vector<int>>{{1, 0, 2}, {0, 2, 1}, {2, 1, 0}}) {
    ExpectProved(kThree, InOrder(order));
    ExpectBroken(Rule::kRankOrder, "out of their order", kThree, InOrder(order), kInOrder);
  }
}

// r0 + (r1 + r2) groups otherwise, and is as good; (r1 + r2) + r0 is not.
TEST(RankOrderRule, GroupingDoesNotMatter) {
  const auto pair_first = [](bool message_first) {
    Hand root = Hand(4).RecvReduce(1, 0, Out(0, 4), In(0, 4)).Completes();
    if (message_first) root.MessageFirst();
    return Schedules{root, Hand(4).RecvReduce(2, 0, Scratch(0, 4), In(0, 4)).Send(0, 0, Scratch(0, 4), {0}),
                     Hand().Send(1, 0, In(0, 4))};
  };
  ExpectProved(kThree, pair_first(false), kInOrder);
  ExpectBroken(Rule::kRankOrder, "((r1 + r2) + r0)", kThree, pair_first(true), kInOrder);
}

}  // namespace
}  // namespace tutti::check
