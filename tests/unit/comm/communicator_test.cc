// SPDX-License-Identifier: Apache-2.0
// What a communicator does beside single collectives: several operations at once, messages, splits, and its end.
#include "lib/comm/communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "sim_job.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;

CollectiveCall AllReduce(std::vector<int32_t>& values) {
  return {.collective = Collective::kAllReduce,
          .send = values.data(),
          .recv = values.data(),
          .count = values.size(),
          .type = DataType::kInt32,
          .in_place = true};
}

Operation* MustStart(Communicator& communicator, const CollectiveCall& call) {
  absl::StatusOr<Operation*> operation = communicator.Start(call);
  EXPECT_TRUE(operation.ok()) << operation.status();
  return operation.ok() ? *operation : nullptr;
}

Operation* MustStart(Communicator& communicator, const MessageCall& call) {
  absl::StatusOr<Operation*> operation = communicator.Start(call);
  EXPECT_TRUE(operation.ok()) << operation.status();
  return operation.ok() ? *operation : nullptr;
}

TEST(Job, IsCrowdedWhereMoreMembersShareAHostThanItHasCores) {
  SimJob job(OptionsFor(5), 300 * kNsPerSecond, {0, 0, 0, 3, 3});
  Job& one = job.communicator(0).job();
  const std::vector<int32_t> all = {0, 1, 2, 3, 4};
  const std::vector<int32_t> pairs = {0, 1, 3, 4};
  EXPECT_FALSE(one.IsCrowded(all)) << "nobody has said how many cores there are";
  one.SetCoresPerHost(2);
  EXPECT_TRUE(one.IsCrowded(all));
  EXPECT_FALSE(one.IsCrowded(pairs));
  one.SetCoresPerHost(3);
  EXPECT_FALSE(one.IsCrowded(all));
}

TEST(Communicator, SeveralOperationsOfOneShapeRunAtOnceAndKeepTheirOrder) {
  constexpr int kRanks = 3;
  constexpr int kOperations = 20;
  SimJob job(OptionsFor(kRanks));
  std::vector<std::vector<std::vector<int32_t>>> values(kRanks);
  std::vector<Operation*> operations;
  for (int rank = 0; rank < kRanks; ++rank) {
    auto& mine = values[static_cast<size_t>(rank)];
    for (int i = 0; i < kOperations; ++i) mine.push_back(std::vector<int32_t>(100, i + rank));
    for (int i = 0; i < kOperations; ++i) {
      operations.push_back(MustStart(job.communicator(rank), AllReduce(mine[static_cast<size_t>(i)])));
    }
  }
  EXPECT_THAT(job.Conclude(operations), Each(Outcome::kOk));
  for (const auto& mine : values) {
    for (int i = 0; i < kOperations; ++i) EXPECT_THAT(mine[static_cast<size_t>(i)], Each(3 * i + 3));
  }
}

TEST(Communicator, MessagesMatchByPeerAndTagInOrder) {
  SimJob job(OptionsFor(2));
  std::vector<int32_t> sent = {10, 20, 30};
  std::vector<int32_t> received(3, -1);
  const auto send = [&](int i, int32_t tag) {
    return MustStart(job.communicator(0), MessageCall{.is_send = true,
                                                      .data = &sent[static_cast<size_t>(i)],
                                                      .count = 1,
                                                      .type = DataType::kInt32,
                                                      .peer = 1,
                                                      .tag = tag});
  };
  const auto receive = [&](int i, int32_t tag) {
    return MustStart(job.communicator(1), MessageCall{.is_send = false,
                                                      .data = &received[static_cast<size_t>(i)],
                                                      .count = 1,
                                                      .type = DataType::kInt32,
                                                      .peer = 0,
                                                      .tag = tag});
  };
  // Tag 7 twice, tag 3 once; the receiver asks for tag 3 first.
  const std::vector<Operation*> operations = {receive(0, 3), send(0, 7),    send(1, 7),
                                              send(2, 3),    receive(1, 7), receive(2, 7)};
  EXPECT_THAT(job.Conclude(operations), Each(Outcome::kOk));
  EXPECT_THAT(received, ::testing::ElementsAre(30, 10, 20));
}

TEST(Communicator, AMessageOfAnotherLengthIsAMismatchOnBothEnds) {
  SimJob job(OptionsFor(2));
  std::vector<int32_t> data(5000, 1);
  const std::vector<Operation*> operations = {
      MustStart(job.communicator(0),
                MessageCall{.is_send = true, .data = data.data(), .count = 5000, .type = DataType::kInt32, .peer = 1}),
      MustStart(
          job.communicator(1),
          MessageCall{.is_send = false, .data = data.data(), .count = 4000, .type = DataType::kInt32, .peer = 0})};
  EXPECT_THAT(job.Conclude(operations, kNsPerSecond), Each(Outcome::kMismatch));
  for (int rank : {0, 1}) {
    EXPECT_THAT(job.communicator(rank).failure(), AllOf(HasSubstr("int32 x 5000"), HasSubstr("int32 x 4000")));
  }
}

TEST(Communicator, DifferentCallsAreNamedOnAllRanks) {
  for (int ranks : {2, 3, 5, 8}) {
    SimJob job(OptionsFor(ranks));
    std::vector<std::vector<int32_t>> values(static_cast<size_t>(ranks), std::vector<int32_t>(64, 1));
    std::vector<Operation*> operations;
    for (int rank = 0; rank < ranks; ++rank) {
      CollectiveCall call = AllReduce(values[static_cast<size_t>(rank)]);
      if (rank == ranks - 1) call.count = 63;
      operations.push_back(MustStart(job.communicator(rank), call));
    }
    EXPECT_THAT(job.Conclude(operations, kNsPerSecond), Each(Outcome::kMismatch));
    for (int rank = 0; rank < ranks; ++rank) {
      EXPECT_THAT(job.communicator(rank).failure(), AllOf(HasSubstr("int32 x 63"), HasSubstr("int32 x 64")));
    }
  }
}

TEST(Communicator, CallsWhoseMessagesNeverMeetAreFoundByAsking) {
  // Rank 3 takes another root: whom it waits for never sends, and nobody waits for what it would send.
  SimJob job(OptionsFor(4));
  std::vector<int32_t> values(4, 1);
  std::vector<Operation*> operations;
  for (int rank = 0; rank < 4; ++rank) {
    operations.push_back(MustStart(job.communicator(rank), CollectiveCall{.collective = Collective::kBroadcast,
                                                                          .send = &values[static_cast<size_t>(rank)],
                                                                          .recv = &values[static_cast<size_t>(rank)],
                                                                          .count = 1,
                                                                          .type = DataType::kInt32,
                                                                          .root = rank == 3 ? 1 : 0,
                                                                          .in_place = true}));
  }
  for (int i = 0; i < 2000 && !operations[3]->done(); ++i) {
    job.RunUntil([&] { return operations[3]->done(); }, 2 * kNsPerMs);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the questions are asked on a thread of their own
  }
  EXPECT_EQ(operations[3]->outcome(), Outcome::kMismatch) << job.communicator(3).failure();
  EXPECT_THAT(job.communicator(3).failure(), AllOf(HasSubstr("root 0"), HasSubstr("root 1")));
}

TEST(Communicator, ADeadProcessEndsEveryRanksOperationsAndIsNamed) {
  SimJob job(OptionsFor(4));
  std::vector<std::vector<int32_t>> values(4, std::vector<int32_t>(100, 1));
  std::vector<Operation*> operations;
  for (int rank : {0, 1, 3}) {
    operations.push_back(MustStart(job.communicator(rank), AllReduce(values[static_cast<size_t>(rank)])));
  }
  for (int i = 0; i < 10; ++i) job.Step();
  job.network().Crash(2);
  job.bus().Kill(2);
  EXPECT_THAT(job.Conclude(operations, kNsPerSecond), Each(Outcome::kPeerFailed));
  for (int rank : {0, 1, 3}) EXPECT_THAT(job.communicator(rank).failure(), HasSubstr("rank 2"));
  // Later calls are refused at once.
  EXPECT_FALSE(job.communicator(0).Start(AllReduce(values[0])).ok());
}

TEST(Communicator, ALostPathIsReportedToRanksThatDoNotUseIt) {
  sim::NetworkOptions options = OptionsFor(4);
  SimJob job(options);
  std::vector<std::vector<int32_t>> values(4, std::vector<int32_t>(100, 1));
  // Connections first.
  std::vector<Operation*> operations;
  for (int rank = 0; rank < 4; ++rank) {
    operations.push_back(MustStart(job.communicator(rank), AllReduce(values[static_cast<size_t>(rank)])));
  }
  ASSERT_THAT(job.Conclude(operations), Each(Outcome::kOk));
  job.network().CutLink(0, 1);
  operations.clear();
  for (int rank = 0; rank < 4; ++rank) {
    operations.push_back(MustStart(job.communicator(rank), AllReduce(values[static_cast<size_t>(rank)])));
  }
  const std::vector<Outcome> outcomes = job.Conclude(operations, 2 * kNsPerSecond);
  EXPECT_EQ(outcomes[0], Outcome::kPeerFailed);
  EXPECT_EQ(outcomes[1], Outcome::kPeerFailed);
  // The others may have had all they needed from both; they hear of it all the same.
  for (int rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(job.communicator(rank).outcome(), Outcome::kPeerFailed);
    EXPECT_THAT(job.communicator(rank).failure(), HasSubstr("lost its connection to rank"));
  }
}

TEST(Communicator, AFailureThatCameBeforeTheCommunicatorWasMadeStillEndsIt) {
  SimJob job(OptionsFor(3));
  const auto owner = job.communicator(0).shared_job();
  owner->OnFailure({.kind = FailureKind::kAborted, .reporter = 1, .culprit = 1, .channel = 5, .sentence = "too late"});
  Communicator late(owner, 5, {0, 1}, 0);
  EXPECT_EQ(late.outcome(), Outcome::kAborted);
  EXPECT_EQ(late.failure(), "too late");
  owner->OnFailure({.kind = FailureKind::kPeerDied, .reporter = 0, .culprit = 2, .channel = 0, .sentence = "gone"});
  Communicator with_dead(owner, 6, {0, 2}, 0);
  EXPECT_EQ(with_dead.outcome(), Outcome::kPeerFailed);
  Communicator without_dead(owner, 7, {0, 1}, 0);
  EXPECT_EQ(without_dead.outcome(), Outcome::kOk);
}

TEST(Communicator, AnAbortReachesAllRanksWithItsReason) {
  SimJob job(OptionsFor(3));
  std::vector<std::vector<int32_t>> values(3, std::vector<int32_t>(10, 1));
  std::vector<Operation*> operations;
  for (int rank : {0, 1}) {
    operations.push_back(MustStart(job.communicator(rank), AllReduce(values[static_cast<size_t>(rank)])));
  }
  job.communicator(2).Abort("the loss is NaN");
  EXPECT_THAT(job.Conclude(operations), Each(Outcome::kAborted));
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(job.communicator(rank).outcome(), Outcome::kAborted);
    EXPECT_THAT(job.communicator(rank).failure(), AllOf(HasSubstr("rank 2"), HasSubstr("the loss is NaN")));
  }
}

TEST(Communicator, TheDeadlineNamesWhoHasNotCalled) {
  SimJob job(OptionsFor(3), kNsPerSecond);
  std::vector<std::vector<int32_t>> values(3, std::vector<int32_t>(10, 1));
  std::vector<Operation*> operations;
  for (int rank : {0, 1}) {
    operations.push_back(MustStart(job.communicator(rank), AllReduce(values[static_cast<size_t>(rank)])));
  }
  for (int i = 0; i < 5000 && !(operations[0]->done() && operations[1]->done()); ++i) {
    job.RunUntil([&] { return operations[0]->done() && operations[1]->done(); }, 2 * kNsPerMs);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_THAT(job.Conclude(operations), Each(Outcome::kTimeout));
  EXPECT_THAT(job.communicator(0).failure(), AllOf(HasSubstr("Not called yet by rank 2"), HasSubstr("all_reduce")));
  EXPECT_EQ(job.communicator(2).outcome(), Outcome::kTimeout);
}

}  // namespace
}  // namespace tutti
