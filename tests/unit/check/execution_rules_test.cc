// SPDX-License-Identifier: Apache-2.0
// Schedules that are well formed and still wrong: races, deadlocks, unwritten memory.
#include "expect_rule.h"

namespace tutti::check {
namespace {

TEST(RaceRule, FindsAWriteThatDoesNotWaitForAReader) {
  Schedules schedules = PairAllReduceInPlace(4);
  schedules[1].dependencies[0] = 1;  // the reduction no longer waits for the send
  ExpectBroken(Rule::kRace, "rank 1, step 2", MakeShape(Collective::kAllReduce, 2, 4, true), schedules);
  // Out of place the send reads other memory than the reduction writes.
  ExpectProved(MakeShape(Collective::kAllReduce, 2, 4, false), schedules);
}

TEST(RaceRule, FindsAReadThatDoesNotWaitForTheWriter) {
  Schedules schedules = ChainAllReduce(4);
  schedules[1].steps[1].num_dependencies = 0;  // forwards before it has received
  ExpectBroken(Rule::kRace, "it reads output[0..4)", MakeShape(Collective::kAllReduce, 3, 4), schedules);
}

TEST(RaceRule, FindsTwoUnorderedWriters) {
  ExpectBroken(Rule::kRace, "it writes output[2..4)", MakeShape(Collective::kBroadcast, 2, 4),
               {Hand().Copy(Out(0, 4), In(0, 4)).Send(1, 0, In(0, 4)).Send(1, 1, In(2, 2)),
                Hand().Recv(0, 0, Out(0, 4)).Recv(0, 1, Out(2, 2))});
}

TEST(RaceRule, DoesNotCountOrderThatComesThroughOtherRanks) {
  // Rank 0 may write its output only after rank 1 has it; rank 1's answer proves that, but no dependency says so.
  const Shape shape = MakeShape(Collective::kBroadcast, 2, 2, false, 0);
  ExpectBroken(Rule::kRace, "no dependency orders the two", shape,
               {Hand(2)
                    .Copy(Scratch(0, 2), In(0, 2))
                    .Send(1, 0, Scratch(0, 2), {0})
                    .Recv(1, 0, Out(0, 2))
                    .Copy(Scratch(0, 2), Out(0, 2), {2}),
                Hand().Recv(0, 0, Out(0, 2)).Send(0, 0, Out(0, 2), {0})});
}

TEST(RaceRule, FollowsDependenciesThroughOtherSteps) {
  const Shape shape = MakeShape(Collective::kBroadcast, 1, 2);
  ExpectProved(shape, {Hand(6)
                           .Copy(Scratch(0, 2), In(0, 2))
                           .Copy(Scratch(2, 2), Scratch(0, 2), {0})
                           .Copy(Scratch(4, 2), Scratch(2, 2), {1})
                           .Copy(Scratch(0, 2), Scratch(4, 2), {2})  // after every reader of scratch[0..2)
                           .Copy(Out(0, 2), Scratch(0, 2), {3})});
}

TEST(RaceRule, RemembersAllReadersOfAPlace) {
  const auto schedule = [](const After& after) {
    return Schedules{Hand(8)
                         .Copy(Scratch(0, 2), In(0, 2))
                         .Copy(Scratch(2, 2), Scratch(0, 2), {0})
                         .Copy(Scratch(4, 2), Scratch(0, 2), {0})
                         .Copy(Scratch(6, 1), Scratch(1, 1), {0})
                         .Copy(Scratch(0, 2), In(0, 2), after)
                         .Copy(Out(0, 2), Scratch(0, 2), {4})};
  };
  const Shape shape = MakeShape(Collective::kBroadcast, 1, 2);
  ExpectProved(shape, schedule({1, 2, 3}));
  ExpectBroken(Rule::kRace, "step 1", shape, schedule({2, 3}));
  ExpectBroken(Rule::kRace, "step 2", shape, schedule({1, 3}));
  ExpectBroken(Rule::kRace, "scratch[1..2)", shape, schedule({1, 2}));
}

TEST(DeadlockRule, FindsTwoSendsThatWaitForEachOther) {
  // Fine if sends were buffered; they are not promised to be.
  const Schedules schedules = {
      Hand().Send(1, 0, In(0, 4)).RecvReduce(1, 0, Out(0, 4), In(0, 4), {0}).Completes(),
      Hand().Send(0, 0, In(0, 4)).RecvReduce(0, 0, Out(0, 4), In(0, 4), {0}).MessageFirst().Completes()};
  for (bool in_place : {false, true}) {
    ExpectBroken(Rule::kDeadlock, "4 steps can never finish: rank 0, step 0",
                 MakeShape(Collective::kAllReduce, 2, 4, in_place), schedules);
  }
}

TEST(DeadlockRule, NamesTheCircleAndNotTheStepsBehindIt) {
  const Shape shape = MakeShape(Collective::kBarrier, 4, 0);
  const absl::Status status =
      VerifySchedules(shape, Schedules{Hand().Recv(1, 0, Out(0, 0)),  // waits for the circle, is no part of it
                                       Hand().Recv(3, 0, Out(0, 0)).Send(2, 0, In(0, 0), {0}).Send(0, 0, In(0, 0), {1}),
                                       Hand().Recv(1, 0, Out(0, 0)).Send(3, 0, In(0, 0), {0}),
                                       Hand().Recv(2, 0, Out(0, 0)).Send(1, 0, In(0, 0), {0})});
  const std::string message(status.message());
  EXPECT_THAT(message, testing::StartsWith("deadlock: 8 steps can never finish"));
  EXPECT_THAT(message, testing::HasSubstr("rank 1, step 0"));
  EXPECT_THAT(message, testing::HasSubstr("rank 2, step 0"));
  EXPECT_THAT(message, testing::HasSubstr("rank 3, step 0"));
  EXPECT_THAT(message, testing::Not(testing::HasSubstr("rank 0, step 0")));
}

TEST(DeadlockRule, KnowsWhetherReceivesAreLimited) {
  const Shape exchange = MakeShape(Collective::kBroadcast, 3, 4);
  // Message 0 from rank 0 to rank 1 waits for rank 2, which waits for message 1.
  const Schedules crossed = {
      Hand().Copy(Out(0, 4), In(0, 4)).Recv(2, 0, Out(0, 0)).Send(1, 0, In(0, 2), {1}).Send(1, 1, In(2, 2)),
      Hand().Recv(0, 0, Out(0, 2)).Recv(0, 1, Out(2, 2)).Send(2, 0, Out(2, 2), {1}).Send(2, 1, Out(0, 2), {0}),
      Hand().Recv(1, 0, Out(2, 2)).Recv(1, 1, Out(0, 2)).Send(0, 0, Out(0, 0), {0})};
  ExpectProved(exchange, crossed);
  ExpectProved(exchange, crossed, {.max_outstanding_receives_per_peer = 2});
  ExpectBroken(Rule::kDeadlock, "for its turn to be posted", exchange, crossed,
               {.max_outstanding_receives_per_peer = 1});
}

TEST(UninitializedRule, FindsReadsOfUnwrittenScratchAndOutput) {
  const Shape shape = MakeShape(Collective::kAllReduce, 1, 4);
  ExpectBroken(Rule::kUninitialized, "it reads scratch[2..4)", shape,
               {Hand(4).Copy(Scratch(0, 2), In(0, 2)).Copy(Out(0, 4), Scratch(0, 4), {0})});
  ExpectBroken(Rule::kUninitialized, "it reads output[0..4)", MakeShape(Collective::kAllReduce, 2, 4),
               {Hand().Send(1, 0, Out(0, 4)).RecvReduce(1, 0, Out(0, 4), In(0, 4), {0}), PairAllReduce(4)[1]});
}

TEST(UninitializedRule, HoldsInABarrierToo) {
  ExpectBroken(Rule::kUninitialized, "it reads scratch[0..1)", MakeShape(Collective::kBarrier, 2, 0),
               {Hand(1).Send(1, 0, Scratch(0, 1)).Recv(1, 0, Scratch(0, 1), {0}),
                Hand(1).Recv(0, 0, Scratch(0, 1)).Send(0, 0, Scratch(0, 1), {0})});
}

}  // namespace
}  // namespace tutti::check
