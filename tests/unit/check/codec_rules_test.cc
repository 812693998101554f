// SPDX-License-Identifier: Apache-2.0
// What the verifier says of schedules with codes.
#include <gtest/gtest.h>

#include "collectives/check/verifier.h"
#include "expect_rule.h"
#include "hand_schedule.h"

namespace tutti::check {
namespace {

const Shape kPair = MakeShape(Collective::kAllReduce, 2, 4);

// Both ranks send their codes, and add up the values of both in rank order.
Schedule Right(int rank) {
  const int peer = 1 - rank;
  const Region own = Slot(0, 4), other = Slot(4, 4);
  return Hand()
      .WithSlots(8)
      .Encode(own, In(0, 4))
      .Send(peer, 0, own, {0})
      .Recv(peer, 0, other)
      .Decode(Out(0, 4), rank == 0 ? own : other, {0, 2})
      .DecodeReduce(Out(0, 4), rank == 0 ? other : own, {3})
      .Completes();
}

Schedules PairWith(void (*change)(Schedule&)) {
  Schedules schedules = {Right(0), Right(1)};
  change(schedules[0]);
  return schedules;
}

TEST(CodecRule, AcceptsAPairThatExchangesItsCodes) {
  const Schedules schedules = {Right(0), Right(1)};
  EXPECT_TRUE(VerifySchedules(kPair, schedules).ok()) << VerifySchedules(kPair, schedules).message();
}

TEST(CodecRule, RefusesToUseCodesAsValues) {
  ExpectBroken(Rule::kStructure, "cannot have a slot as source 0", kPair,
               PairWith([](Schedule& s) { s.steps[3].kind = StepKind::kCopy; }));
  ExpectBroken(Rule::kStructure, "cannot have a slot as its destination", kPair,
               PairWith([](Schedule& s) { s.steps[0].kind = StepKind::kCopy; }));
  ExpectBroken(Rule::kStructure, "needs a slot as source 0", kPair,
               PairWith([](Schedule& s) { s.sources[s.steps[3].first_source] = In(0, 4); }));
}

TEST(CodecRule, RefusesToSendCodesWhereValuesAreExpected) {
  ExpectBroken(Rule::kMessages, "one moves codes, the other one values", kPair,
               PairWith([](Schedule& s) { s.sources[s.steps[1].first_source] = In(0, 4); }));
}

TEST(CodecRule, RefusesSlotsThatOverlap) {
  ExpectBroken(Rule::kStructure, "a slot begins at element 2", kPair, PairWith([](Schedule& s) {
                 s.steps[2].dst = Slot(2, 4);
                 s.sources[s.steps[4].first_source + 1] = Slot(2, 4);
               }));
}

TEST(CodecRule, RefusesToReadCodesThatAreNotThereYet) {
  ExpectBroken(Rule::kRace, "no dependency orders", kPair,
               PairWith([](Schedule& s) { s.steps[1].num_dependencies = 0; }));
}

TEST(CodecRule, RefusesRanksThatEndWithDifferentBits) {
  // Rank 0 keeps its own values as they were.
  const auto keeps = [](int rank) {
    const int peer = 1 - rank;
    return Hand()
        .WithSlots(8)
        .Encode(Slot(0, 4), In(0, 4))
        .Send(peer, 0, Slot(0, 4), {0})
        .Recv(peer, 0, Slot(4, 4))
        .Copy(Out(0, 4), In(0, 4))
        .DecodeReduce(Out(0, 4), Slot(4, 4), {2, 3})
        .Completes();
  };
  ExpectBroken(Rule::kEqualBits, "q(r0)", kPair, Schedules{keeps(0), keeps(1)});
}

TEST(CodecRule, RefusesToEncodeThreeTimes) {
  const auto again = [](int rank) {
    Schedule schedule = Right(rank);
    for (uint32_t times = 0; times < 2; ++times) {
      const uint32_t last = 4 + 2 * times;
      for (const StepKind kind : {StepKind::kEncode, StepKind::kDecode}) {
        Step step;
        step.kind = kind;
        step.dst = kind == StepKind::kEncode ? Slot(8, 4) : Out(0, 4);
        step.first_source = static_cast<uint32_t>(schedule.sources.size());
        step.num_sources = 1;
        schedule.sources.push_back(kind == StepKind::kEncode ? Out(0, 4) : Slot(8, 4));
        step.first_dependency = static_cast<uint32_t>(schedule.dependencies.size());
        step.num_dependencies = 1;
        schedule.dependencies.push_back(last + (kind == StepKind::kDecode ? 1 : 0));
        schedule.steps.push_back(step);
      }
    }
    schedule.coded_elements = 12;
    return schedule;
  };
  ExpectBroken(Rule::kQuantised, "was encoded 3 times", kPair, Schedules{again(0), again(1)});
}

}  // namespace
}  // namespace tutti::check
