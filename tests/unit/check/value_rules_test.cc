// SPDX-License-Identifier: Apache-2.0
// Schedules that run to their end and compute the wrong thing.
#include "expect_rule.h"

namespace tutti::check {
namespace {

TEST(ReductionRule, FindsAContributionThatIsCountedTwice) {
  ExpectBroken(Rule::kReduction, "element 0 would hold rank 1's contribution twice",
               MakeShape(Collective::kReduce, 2, 4),
               {Hand().RecvReduce(1, 0, Out(0, 4), In(0, 4)).RecvReduce(1, 1, Out(0, 4), Out(0, 4), {0}).Completes(),
                Hand().Send(0, 0, In(0, 4)).Send(0, 1, In(0, 4))});
  ExpectBroken(Rule::kReduction, "rank 0's contribution twice", MakeShape(Collective::kAllReduce, 1, 4),
               {Hand().Reduce(Out(0, 4), {In(0, 4), In(0, 4)})});
}

TEST(ReductionRule, FindsElementsThatDoNotBelongTogether) {
  ExpectBroken(Rule::kReduction, "it combines element 1 with element 0", MakeShape(Collective::kReduce, 2, 4),
               {Hand().RecvReduce(1, 0, Out(0, 3), In(1, 3)).Completes(), Hand().Send(0, 0, In(0, 3))});
}

TEST(ReductionRule, FindsAReductionOfAFinishedValue) {
  ExpectBroken(Rule::kReduction, "already finished", MakeShape(Collective::kReduce, 2, 4),
               {Hand(4).RecvReduce(1, 0, Scratch(0, 4), In(0, 4)).Completes().Reduce(Out(0, 4), {Scratch(0, 4)}, {0}),
                Hand().Send(0, 0, In(0, 4))});
}

TEST(CompletesRule, FindsAValueThatIsFinishedTooEarly) {
  Schedules schedules = ChainAllReduce(4);
  schedules[1].steps[0].completes = true;
  ExpectBroken(Rule::kCompletes, "rank 2's contribution is not in it: (r0 + r1)",
               MakeShape(Collective::kAllReduce, 3, 4), schedules);
}

TEST(CompletesRule, FindsAValueThatIsNeverFinished) {
  Schedules schedules = ChainAllReduce(4);
  schedules[2].steps[0].completes = false;
  ExpectBroken(Rule::kCompletes, "no step was said to complete it", MakeShape(Collective::kAllReduce, 3, 4), schedules);
}

TEST(ResultRule, FindsAMissingContribution) {
  Schedules schedules = PairAllReduce(4);
  schedules[1].steps[1] = Schedule(Hand().Recv(0, 0, Out(0, 4))).steps[0];
  ExpectBroken(Rule::kResult, "rank 1's output[0..4) lacks rank 1's contribution: r0",
               MakeShape(Collective::kAllReduce, 2, 4), schedules);
}

TEST(ResultRule, FindsOutputThatIsNeverWritten) {
  ExpectBroken(Rule::kResult, "rank 0's output[3..4) is never written", MakeShape(Collective::kAllReduce, 1, 4),
               {Hand().Copy(Out(0, 3), In(0, 3))});
}

TEST(ResultRule, FindsElementsInTheWrongPlace) {
  ExpectBroken(Rule::kResult, "output[0..2) begins with element 2", MakeShape(Collective::kAllReduce, 1, 4),
               {Hand().Copy(Out(0, 2), In(2, 2)).Copy(Out(2, 2), In(0, 2))});
}

TEST(ResultRule, FindsBlocksOfTheWrongRank) {
  ExpectBroken(Rule::kResult, "rank 0's output[0..2) holds r1, expected r0", MakeShape(Collective::kAllGather, 2, 2),
               {Hand().Send(1, 0, In(0, 2)).Recv(1, 0, Out(0, 2)).Copy(Out(2, 2), In(0, 2)),
                Hand().Send(0, 0, In(0, 2)).Recv(0, 0, Out(0, 2)).Copy(Out(2, 2), In(0, 2))});
  ExpectBroken(Rule::kResult, "begins with element 2 of the contributions, expected 0",
               MakeShape(Collective::kReduceScatter, 2, 2),
               {Hand().Send(1, 0, In(0, 2)).RecvReduce(1, 0, Out(0, 2), In(2, 2)).Completes(),
                Hand().Send(0, 0, In(2, 2)).RecvReduce(0, 0, Out(0, 2), In(0, 2)).Completes()});
}

TEST(EqualBitsRule, FindsOperandsInAnotherOrder) {
  Schedules schedules = PairAllReduce(4);
  schedules[1].steps[1].message_first = false;
  ExpectBroken(Rule::kEqualBits, "is finish (r1 + r0), but on rank 0 it is finish (r0 + r1)",
               MakeShape(Collective::kAllReduce, 2, 4), schedules);
}

TEST(EqualBitsRule, TellsOneRoundingFromSeveral) {
  // The kernel of many operands rounds a half-precision sum once, a chain of two-operand kernels each time.
  Schedules schedules = PairAllReduce(4);
  schedules[1] = PairAllReduceInPlace(4)[1];
  ExpectBroken(Rule::kEqualBits, "finish many(r0 + r1)", MakeShape(Collective::kAllReduce, 2, 4), schedules);
}

TEST(BarrierRule, FindsARankThatCanLeaveEarly) {
  ExpectBroken(Rule::kBarrier, "rank 0 can leave before rank 1 has entered", MakeShape(Collective::kBarrier, 2, 0),
               {Hand().Send(1, 0, In(0, 0)), Hand().Recv(0, 0, Out(0, 0))});
}

TEST(BarrierRule, FindsAMissingDependencyInTheMiddleOfAChain) {
  const auto schedules = [](const After& after) {
    return Schedules{Hand().Send(1, 0, In(0, 0)).Recv(2, 0, Out(0, 0)).Send(1, 1, In(0, 0), {1}),
                     Hand().Recv(0, 0, Out(0, 0)).Send(2, 0, In(0, 0), after).Recv(0, 1, Out(0, 0)),
                     Hand().Recv(1, 0, Out(0, 0)).Send(0, 0, In(0, 0), {0})};
  };
  // 0 -> 1 -> 2 -> 0 -> 1: rank 2 hears of rank 0 only if rank 1 waits for it.
  ExpectProved(MakeShape(Collective::kBarrier, 3, 0), schedules({0}));
  ExpectBroken(Rule::kBarrier, "rank 2 can leave before rank 0 has entered", MakeShape(Collective::kBarrier, 3, 0),
               schedules({}));
}

}  // namespace
}  // namespace tutti::check
