// SPDX-License-Identifier: Apache-2.0
// A rank that is stopped, or late: the others' deadline passes on time, and they say who it was.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

constexpr int64_t kTimeoutNs = 2000 * kMs;
constexpr int64_t kAllowanceNs = 1500 * kMs;  // to find out who is silent, and to tell everybody

struct Stop {
  int num_ranks;
  int victim;
  std::string count;
};

class Stopped : public testing::TestWithParam<Stop> {};

TEST_P(Stopped, IsNamedByEveryOtherRankWhenTheDeadlinePasses) {
  const Stop stop = GetParam();
  Job job("ReduceWithDeadline", stop.num_ranks, {.arguments = {stop.count, "2000"}});
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  const int64_t stopped_ns = job.Signal(stop.victim, SIGSTOP);
  ASSERT_TRUE(job.AllSucceed({stop.victim}));
  ExpectAllReport(job, {stop.victim}, "TUTTI_ERR_TIMEOUT", stopped_ns, kTimeoutNs + kAllowanceNs,
                  "No answer from[^.:]*" + RankName(stop.victim));
  for (int rank = 0; rank < stop.num_ranks; ++rank) {
    if (rank == stop.victim) continue;
    // By another clock than the library's.
    EXPECT_GE(job.SaidNumber(rank, "failed_at_ns") - job.SaidNumber(rank, "called_at_ns"), kTimeoutNs - 10 * kMs)
        << "too early, rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(, Stopped,
                         testing::Values(Stop{2, 1, "1"}, Stop{4, 0, "1000"}, Stop{4, 3, "1000000"}, Stop{8, 4, "1"},
                                         Stop{8, 0, "1000000"}),
                         [](const auto& test) {
                           return "Rank" + std::to_string(test.param.victim) + "of" +
                                  std::to_string(test.param.num_ranks) + "at" + test.param.count + "elements";
                         });

// Stopped for less than the deadline: nothing is lost.
TEST(StoppedForAMoment, IsWaitedForWhileTheDeadlineHasNotPassed) {
  Job job("ReduceWithDeadline", 4, {.arguments = {"1000", "4000"}});
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  job.Signal(2, SIGSTOP);
  timespec pause{1, 0};
  nanosleep(&pause, nullptr);
  const int64_t continued_ns = job.Signal(2, SIGCONT);
  nanosleep(&pause, nullptr);
  for (int rank = 0; rank < 4; ++rank) EXPECT_EQ(job.Said(rank, "status"), "") << job.Said(rank, "sentence");
  const int64_t killed_ns = job.Signal(2, SIGKILL);
  ASSERT_GT(killed_ns, continued_ns);
  ASSERT_TRUE(job.AllSucceed({2}));
  ExpectAllReport(job, {2}, "TUTTI_ERR_PEER_FAILED", killed_ns, 1000 * kMs, RankName(2));
}

// Rank 1 is alive but does not come: it answers questions, and is called late, not dead or stopped.
RANK_PROGRAM(OneComesTooLate) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  Synchronise(comm);
  const int64_t called_ns = MonotonicNs();
  if (context.rank == 1) {
    while (tutti_comm_status(comm) == TUTTI_OK) SleepMs(1);
    SayFailure(comm, tutti_comm_status(comm));
    REQUIRE_OK(tutti_comm_destroy(comm));
    return;
  }
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.timeout_ns = 1000 * kMs;  // this call's own, far below the communicator's
  float value = 1;
  const tutti_status_t status = tutti_all_reduce(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr);
  SayFailure(comm, status);
  Say("took_ns", MonotonicNs() - called_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Late : public testing::TestWithParam<int> {};

TEST_P(Late, RankIsNamedByAllWhenACallsOwnDeadlinePasses) {
  Job job("OneComesTooLate", GetParam());
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < job.num_ranks(); ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_TIMEOUT");
    EXPECT_THAT(job.Said(rank, "sentence"), testing::ContainsRegex("Not called yet by[^.:]*" + RankName(1)));
    EXPECT_THAT(job.Said(rank, "sentence"),
                testing::ContainsRegex("Last completed: operation 1, all_reduce[^;]*, by rank 1"));
    if (rank == 1) continue;  // it did not wait
    EXPECT_LT(job.SaidNumber(rank, "took_ns"), (1000 * kMs + kAllowanceNs) * kSlowdown);
  }
}

INSTANTIATE_TEST_SUITE_P(, Late, testing::Values(2, 4, 8), testing::PrintToStringParamName());

}  // namespace
}  // namespace tutti::multi_process
