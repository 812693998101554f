// SPDX-License-Identifier: Apache-2.0
// Small schedules of every collective that are right, in and out of place.
#include "expect_rule.h"

namespace tutti::check {
namespace {

TEST(Verifier, ProvesAPairwiseAllReduce) {
  for (uint64_t count : {0, 1, 5}) ExpectProved(MakeShape(Collective::kAllReduce, 2, count), PairAllReduce(count));
}

TEST(Verifier, ProvesAPairwiseAllReduceInPlace) {
  ExpectProved(MakeShape(Collective::kAllReduce, 2, 5, true), PairAllReduceInPlace(5));
  ExpectProved(MakeShape(Collective::kAllReduce, 2, 5, false), PairAllReduceInPlace(5));
}

TEST(Verifier, ProvesAChain) { ExpectProved(MakeShape(Collective::kAllReduce, 3, 4), ChainAllReduce(4)); }

TEST(Verifier, CostsNoMoreForAVectorOfTerabytes) {
  const uint64_t count = uint64_t{1} << 50;
  ExpectProved(MakeShape(Collective::kAllReduce, 3, count), ChainAllReduce(count));
}

TEST(Verifier, ProvesOneRankWithoutAnyReduction) {
  ExpectProved(MakeShape(Collective::kAllReduce, 1, 3), {Hand().Copy(Out(0, 3), In(0, 3))});
  ExpectProved(MakeShape(Collective::kAllReduce, 1, 3, true), {Hand()});
  ExpectProved(MakeShape(Collective::kReduceScatter, 1, 3), {Hand().Copy(Out(0, 3), In(0, 3))});
  ExpectProved(MakeShape(Collective::kBarrier, 1, 0), {Hand()});
}

TEST(Verifier, ProvesABroadcastFromEachRoot) {
  ExpectProved(MakeShape(Collective::kBroadcast, 3, 4, false, 0),
               {Hand().Copy(Out(0, 4), In(0, 4)).Send(1, 0, In(0, 4)),
                Hand().Recv(0, 0, Out(0, 4)).Send(2, 0, Out(0, 4), {0}), Hand().Recv(1, 0, Out(0, 4))});
  ExpectProved(MakeShape(Collective::kBroadcast, 2, 4, true, 1),
               {Hand().Recv(1, 0, Out(0, 4)), Hand().Send(0, 0, In(0, 4))});
}

TEST(Verifier, ProvesAReduceInPlaceAtTheRoot) {
  ExpectProved(MakeShape(Collective::kReduce, 2, 4, true, 1),
               {Hand().Send(1, 0, In(0, 4)), Hand().RecvReduce(0, 0, Out(0, 4), In(0, 4)).MessageFirst().Completes()});
}

TEST(Verifier, AcceptsAnyOrderOfOperandsWhereOnlyOneRankHasTheResult) {
  ExpectProved(MakeShape(Collective::kReduce, 2, 4, false, 1),
               {Hand().Send(1, 0, In(0, 4)), Hand().RecvReduce(0, 0, Out(0, 4), In(0, 4)).Completes()});
}

TEST(Verifier, ProvesAnAllGatherAndKnowsWhereTheInputLiesInPlace) {
  const auto schedules = [](bool in_place) {
    Schedules result;
    for (int rank : {0, 1}) {
      const auto own = static_cast<uint64_t>(rank) * 3;
      Hand hand;
      hand.Send(1 - rank, 0, In(0, 3)).Recv(1 - rank, 0, Out(3 - own, 3));
      if (!in_place) hand.Copy(Out(own, 3), In(0, 3));
      result.push_back(hand);
    }
    return result;
  };
  ExpectProved(MakeShape(Collective::kAllGather, 2, 3, false), schedules(false));
  ExpectProved(MakeShape(Collective::kAllGather, 2, 3, true), schedules(true));
  ExpectBroken(Rule::kResult, "rank 0's output[0..3) is never written", MakeShape(Collective::kAllGather, 2, 3, false),
               schedules(true));
}

TEST(Verifier, ProvesAReduceScatterAndKnowsWhereTheOutputLiesInPlace) {
  for (bool in_place : {false, true}) {
    ExpectProved(MakeShape(Collective::kReduceScatter, 2, 3, in_place),
                 {Hand().Send(1, 0, In(3, 3)).RecvReduce(1, 0, Out(0, 3), In(0, 3)).Completes(),
                  Hand().Send(0, 0, In(0, 3)).RecvReduce(0, 0, Out(0, 3), In(3, 3)).Completes()});
  }
}

TEST(Verifier, ProvesABarrierThroughARoot) {
  ExpectProved(
      MakeShape(Collective::kBarrier, 3, 0),
      {Hand().Recv(1, 0, Out(0, 0)).Recv(2, 0, Out(0, 0)).Send(1, 0, In(0, 0), {0, 1}).Send(2, 0, In(0, 0), {0, 1}),
       Hand().Send(0, 0, In(0, 0)).Recv(0, 0, Out(0, 0)), Hand().Send(0, 0, In(0, 0)).Recv(0, 0, Out(0, 0))});
}

TEST(Verifier, CutsMessagesWhereTheSendersMemoryIsCut) {
  // Rank 0 gathers the halves in two messages and sends the whole in one; rank 1 takes it apart again.
  ExpectProved(MakeShape(Collective::kAllReduce, 2, 6), {Hand()
                                                             .RecvReduce(1, 0, Out(0, 2), In(0, 2))
                                                             .Completes()
                                                             .RecvReduce(1, 1, Out(2, 4), In(2, 4))
                                                             .Completes()
                                                             .Send(1, 0, Out(0, 6), {0, 1}),
                                                         Hand(6)
                                                             .Send(0, 0, In(0, 2))
                                                             .Send(0, 1, In(2, 4))
                                                             .Recv(0, 0, Scratch(0, 6))
                                                             .Copy(Out(0, 1), Scratch(0, 1), {2})
                                                             .Copy(Out(1, 5), Scratch(1, 5), {2})});
}

}  // namespace
}  // namespace tutti::check
