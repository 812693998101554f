// SPDX-License-Identifier: Apache-2.0
// Who holds a communicator up, out of what its ranks' records say.
#include "tools/live/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tools/live/show.h"

namespace tutti::live {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

constexpr int64_t kNow = 10'000'000'000;

LiveRank Idle(int32_t rank, uint64_t called) {
  LiveRank live;
  live.record.rank = rank;
  live.record.size = 8;
  live.record.channels.push_back({.channel = 0, .rank = rank, .size = 8, .entered = called, .completed = called});
  live.state = ProcessState::kAlive;
  return live;
}

// In operation `sequence` since two seconds, waiting for `peer` (-1: not known).
LiveRank In(int32_t rank, uint64_t sequence, int32_t peer) {
  LiveRank live = Idle(rank, sequence + 1);
  live.record.channels[0].completed = sequence;
  FlightRecord::Operation operation;
  operation.ordinal = sequence + 1;
  operation.sequence = sequence;
  operation.started_ns = kNow - 2'000'000'000;
  operation.progress = {kFlightRunning, 1, 4};
  if (peer >= 0) operation.wait = FlightRecord::Wait{FlightWaitKind::kReceive, 1, peer, 64, kNow - 1'900'000'000};
  live.record.operations.push_back(operation);
  return live;
}

TEST(Holds, ComeDownToTheRankThatHasNotCalled) {
  const auto holds = FindHolds({In(0, 7, 1), In(1, 7, 2), Idle(2, 7), In(3, 7, 0)}, kNow);
  ASSERT_EQ(holds.size(), 1u);
  EXPECT_EQ(holds[0].sequence, 7u);
  EXPECT_THAT(holds[0].in_it, ElementsAre(0, 1, 3));
  EXPECT_THAT(holds[0].missing, ElementsAre(2));
  EXPECT_THAT(holds[0].culprits, ElementsAre(Pair(2, 3)));
  EXPECT_EQ(holds[0].since_ns, kNow - 2'000'000'000);
}

TEST(Holds, ComeDownToAStoppedRankWhateverItWaitsFor) {
  LiveRank stopped = In(2, 6, 0);
  stopped.state = ProcessState::kStopped;
  const auto holds = FindHolds({In(0, 7, 2), In(1, 7, 2), stopped}, kNow);
  ASSERT_EQ(holds.size(), 1u);
  EXPECT_EQ(holds[0].sequence, 7u);
  EXPECT_THAT(holds[0].in_it, ElementsAre(0, 1));
  EXPECT_THAT(holds[0].missing, ElementsAre(2));
  EXPECT_THAT(holds[0].culprits, ElementsAre(Pair(2, 2)));
}

TEST(Holds, CountTheDeadAsMissing) {
  LiveRank dead = In(1, 7, 0);
  dead.state = ProcessState::kDead;
  const auto holds = FindHolds({In(0, 7, 1), dead}, kNow);
  ASSERT_EQ(holds.size(), 1u);
  EXPECT_THAT(holds[0].in_it, ElementsAre(0));
  EXPECT_THAT(holds[0].missing, ElementsAre(1));
  EXPECT_THAT(holds[0].culprits, ElementsAre(Pair(1, 1)));
}

TEST(Holds, NameRanksOfOtherHostsAndNobodyInACircle) {
  const auto elsewhere = FindHolds({In(0, 7, 5), In(1, 7, 0)}, kNow);
  ASSERT_EQ(elsewhere.size(), 1u);
  EXPECT_THAT(elsewhere[0].culprits, ElementsAre(Pair(5, 2)));
  const auto circle = FindHolds({In(0, 7, 1), In(1, 7, 0), In(2, 7, -1)}, kNow);
  ASSERT_EQ(circle.size(), 1u);
  EXPECT_THAT(circle[0].culprits, IsEmpty());
  EXPECT_THAT(circle[0].missing, IsEmpty());
}

TEST(Holds, AreNotSeenInWhatHasJustBegunNorWhereNobodyIsInAnything) {
  LiveRank quick = In(0, 7, 1);
  quick.record.operations[0].started_ns = kNow - kHoldNs / 2;
  EXPECT_THAT(FindHolds({quick, Idle(1, 7)}, kNow), IsEmpty());
  EXPECT_THAT(FindHolds({Idle(0, 7), Idle(1, 7)}, kNow), IsEmpty());
}

TEST(Holds, LeaveOutWhoHasFinishedAndWhoIsNotInTheCommunicator) {
  LiveRank other = Idle(3, 0);
  other.record.channels.clear();
  const auto holds = FindHolds({In(0, 7, 1), Idle(1, 7), Idle(2, 8), other}, kNow);
  ASSERT_EQ(holds.size(), 1u);
  EXPECT_THAT(holds[0].in_it, ElementsAre(0));
  EXPECT_THAT(holds[0].missing, ElementsAre(1));
}

TEST(LiveRank, KnowsWhatWasCalledAndNotBegun) {
  LiveRank rank = In(0, 7, 1);
  EXPECT_EQ(rank.called_only(), 0u);
  rank.record.channels[0].entered += 2;
  EXPECT_EQ(rank.called_only(), 2u);
  rank.record.unrecorded = 5;
  EXPECT_EQ(rank.called_only(), 0u);
}

TEST(LiveScreen, CutsWhatDoesNotFitAndSaysHowMuch) {
  const std::string frame = Frame("first line\nsecond\nthird\nfourth\n", 5, 3);
  EXPECT_THAT(frame, HasSubstr("first\x1b[K"));
  EXPECT_THAT(frame, HasSubstr("secon\x1b[K"));
  EXPECT_THAT(frame, Not(HasSubstr("third")));
  EXPECT_THAT(frame, HasSubstr("2 mor\x1b[K"));
  EXPECT_THAT(Frame("a\nb\n", 5, 2), Not(HasSubstr("more")));
}

}  // namespace
}  // namespace tutti::live
