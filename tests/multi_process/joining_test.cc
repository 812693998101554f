// SPDX-License-Identifier: Apache-2.0
// Joining and leaving a job: who is missing, who may not come in, and that leaving disturbs nobody.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"

namespace tutti::multi_process {
namespace {

// Rank 0 has no use for the job, and takes the control service with it.
RANK_PROGRAM(JoinAndLeave) {
  const tutti_comm_t comm = Join();
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(Joining, SucceedsForAllHoweverSoonRankZeroLeaves) {
  for (int round = 0; round < 5; ++round) {
    Job job("JoinAndLeave", 8);
    ASSERT_TRUE(job.AllSucceed()) << "round " << round;
  }
}

RANK_PROGRAM(JoinAndReport) {
  tutti_comm_t comm = nullptr;
  Say("called_ns", MonotonicNs());
  const tutti_status_t status = tutti_comm_create(nullptr, &comm);
  if (status == TUTTI_OK) {
    Say("status", "TUTTI_OK");
    REQUIRE_OK(tutti_comm_destroy(comm));
    return;
  }
  Require(comm == nullptr, "no communicator after a failure");
  SayFailure(nullptr, status);
}

class MissingRank : public testing::TestWithParam<int> {};

TEST_P(MissingRank, IsListedByThoseWhoWaitedForIt) {
  const int missing = GetParam();
  Job job("JoinAndReport", 4, {.environment = {{"TUTTI_TIMEOUT", "2s"}}, .absent = {missing}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 4; ++rank) {
    if (rank == missing) continue;
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_TIMEOUT");
    EXPECT_THAT(job.Said(rank, "sentence"),
                testing::ContainsRegex("rank(s)? ([0-9, ]*[^0-9])?" + std::to_string(missing) + "([^0-9]|$)"));
    EXPECT_LT(job.SaidNumber(rank, "failed_at_ns") - job.SaidNumber(rank, "called_ns"), 3500 * kMs * kSlowdown);
  }
}

INSTANTIATE_TEST_SUITE_P(, MissingRank, testing::Values(0, 2, 3), testing::PrintToStringParamName());

// Rank 0 finds out as soon as it has begun to wait for the others, who may then find nobody to meet.
TEST(Rdma, AskedForAloneAndNotThereIsRefusedWithTheReason) {
  Job job("JoinAndReport", 2,
          {.environment = {
               {"TUTTI_TRANSPORT", "verbs"}, {"TUTTI_VERBS_DEVICES", "no_such_device"}, {"TUTTI_TIMEOUT", "1s"}}});
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_EQ(job.Said(0, "status"), "TUTTI_ERR_BOOTSTRAP");
  EXPECT_THAT(job.Said(0, "sentence"), testing::HasSubstr("names verbs and not tcp, but RDMA cannot be used"));
  EXPECT_THAT(job.Said(1, "status"), testing::AnyOf("TUTTI_ERR_TIMEOUT", "TUTTI_ERR_BOOTSTRAP"));
}

TEST(Rdma, AskedForBesideTcpAndNotThereIsReplacedWithAWarning) {
  Job job("JoinAndReport", 2,
          {.environment = {{"TUTTI_TRANSPORT", "verbs,tcp"}, {"TUTTI_VERBS_DEVICES", "no_such_device"}}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_OK");
    EXPECT_THAT(job.Output(rank), testing::HasSubstr("RDMA cannot be used here, TCP takes its place: "));
  }
}

TEST(Rdma, NobodyAskedForAndNotThereIsLeftOutInSilence) {
  Job job("JoinAndReport", 2,
          {.environment = {{"TUTTI_TRANSPORT", ""},
                           {"TUTTI_VERBS_DEVICES", "no_such_device"},
                           {"TUTTI_LOCAL_SIZE", ""},
                           {"TUTTI_LOCAL_RANK", ""}}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_OK");
    EXPECT_THAT(job.Output(rank), testing::Not(testing::HasSubstr("RDMA")));
  }
}

TEST(Stranger, WithAnotherSecretIsRefusedAndMissedByTheOthers) {
  Job job("JoinAndReport", 3,
          {.environment = {{"TUTTI_TIMEOUT", "3s"}}, .for_one_rank = {{1, {{"TUTTI_SECRET", "not the job's"}}}}});
  ASSERT_TRUE(job.AllSucceed());
  // It keeps trying until its deadline: where it knocks, another job may listen, and its own come later.
  EXPECT_THAT(job.Said(1, "status"), testing::AnyOf("TUTTI_ERR_TIMEOUT", "TUTTI_ERR_BOOTSTRAP"));
  EXPECT_THAT(job.Said(1, "sentence"), testing::HasSubstr("TUTTI_SECRET"));
  for (int rank : {0, 2}) {
    EXPECT_THAT(job.Said(rank, "status"), testing::AnyOf("TUTTI_ERR_TIMEOUT", "TUTTI_ERR_BOOTSTRAP"));
    EXPECT_THAT(job.Said(rank, "sentence"), testing::ContainsRegex(RankName(1))) << "rank " << rank;
  }
  for (int rank = 0; rank < 3; ++rank) {  // nobody may read a secret in a log
    EXPECT_THAT(job.Output(rank), testing::Not(testing::HasSubstr("not the job's")));
  }
}

TEST(TwoClaimants, OfOneRankAreBothTold) {
  Job job("JoinAndReport", 3,
          {.environment = {{"TUTTI_TIMEOUT", "3s"}},
           .for_one_rank = {{2, {{"TUTTI_RANK", "1"}, {"TUTTI_LOCAL_RANK", "1"}}}}});
  ASSERT_TRUE(job.AllSucceed());
  // One of the two is refused at once; the others miss rank 2, or are told of the clash.
  EXPECT_THAT(job.Said(1, "sentence") + job.Said(2, "sentence"), testing::ContainsRegex(RankName(1)));
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_THAT(job.Said(rank, "status"), testing::AnyOf("TUTTI_ERR_TIMEOUT", "TUTTI_ERR_BOOTSTRAP"))
        << "rank " << rank;
  }
}

// The root of a small broadcast has finished when its bytes are accepted; it leaves at once, the others come late.
RANK_PROGRAM(RootLeavesEarly) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  const Data data{TUTTI_INT32, TUTTI_SUM, context.size, 3};
  std::vector<int32_t> values(100);
  FillContribution(data, 0, 0, values.size(), values.data());
  if (context.rank != 0) {
    SleepMs(300);
    std::fill(values.begin(), values.end(), 0);
  }
  REQUIRE_OK(tutti_broadcast(comm, values.data(), values.data(), values.size(), TUTTI_INT32, 0, nullptr, nullptr));
  const std::string error = CheckContribution(data, 0, 0, values.size(), values.data());
  Require(error.empty(), error);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Every rank destroys its communicator as soon as its own last operation is done; again and again.
RANK_PROGRAM(LeaveAtOnceTenTimes) {
  for (uint64_t round = 0; round < 10; ++round) {
    const tutti_comm_t comm = JoinAt(context, "round" + std::to_string(round));
    const Data data{TUTTI_INT64, TUTTI_SUM, context.size, round};
    std::vector<int64_t> send(round % 2 == 0 ? 3 : 200000), recv(send.size());
    FillContribution(data, context.rank, 0, send.size(), send.data());
    if (static_cast<uint64_t>(context.rank) == round % static_cast<uint64_t>(context.size)) SleepMs(50);
    REQUIRE_OK(tutti_all_reduce(comm, send.data(), recv.data(), send.size(), TUTTI_INT64, TUTTI_SUM, nullptr, nullptr));
    const std::string error = CheckReduction(data, 0, recv.size(), recv.data());
    Require(error.empty(), error);
    REQUIRE_OK(tutti_comm_destroy(comm));
  }
}

class Leaving : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(Leaving, RightAfterTheLastOperationDisturbsNobody) {
  const auto [program, num_ranks] = GetParam();
  Job job(program, num_ranks);
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, Leaving,
                         testing::Combine(testing::Values("RootLeavesEarly", "LeaveAtOnceTenTimes"),
                                          testing::Values(2, 4, 8)),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

}  // namespace
}  // namespace tutti::multi_process
