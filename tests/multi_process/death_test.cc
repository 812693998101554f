// SPDX-License-Identifier: Apache-2.0
// A rank that dies: every other rank is told within a second who it was, whatever it is doing.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

// Argument: elements. Says @running once the loop is under way.
RANK_PROGRAM(ReduceUntilFailure) {
  const tutti_comm_t comm = Join();
  const size_t count = std::stoul(context.arguments[0]);
  std::vector<float> values(count, 1.0f), sums(count);
  tutti_status_t status = TUTTI_OK;
  for (int i = 0; status == TUTTI_OK; ++i) {
    status = tutti_all_reduce(comm, values.data(), sums.data(), count, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr);
    if (i == 5) Say("running", 1);
  }
  SayFailure(comm, status);
  Require(tutti_comm_status(comm) == status, "the communicator has the status of its failure");
  Require(tutti_barrier(comm, nullptr, nullptr) == status, "later calls fail alike");
  const int64_t before_ns = MonotonicNs();
  REQUIRE_OK(tutti_comm_destroy(comm));
  Say("destroyed_in_ns", MonotonicNs() - before_ns);
}

struct Death {
  int num_ranks;
  int victim;
  std::string count;
};

class Killed : public testing::TestWithParam<Death> {};

TEST_P(Killed, IsNamedByEveryOtherRankWithinASecond) {
  const Death death = GetParam();
  Job job("ReduceUntilFailure", death.num_ranks, {.arguments = {death.count}});
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  const int64_t killed_ns = job.Signal(death.victim, SIGKILL);
  ASSERT_TRUE(job.AllSucceed({death.victim}));
  ExpectAllReport(job, {death.victim}, "TUTTI_ERR_PEER_FAILED", killed_ns, 1000 * kMs, RankName(death.victim));
  for (int rank = 0; rank < death.num_ranks; ++rank) {
    if (rank == death.victim) continue;
    // The sentence is about the dead one, not about the first that somebody happened to wait for.
    EXPECT_THAT(job.Said(rank, "sentence"), testing::ContainsRegex("rank " + std::to_string(death.victim) +
                                                                   "( \\(.*\\))? died|connection to rank " +
                                                                   std::to_string(death.victim) + "[^0-9]"))
        << "rank " << rank;
    EXPECT_LT(job.SaidNumber(rank, "destroyed_in_ns"), 1000 * kMs * kSlowdown) << "rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(, Killed,
                         testing::Values(Death{2, 0, "1"}, Death{2, 1, "1000000"}, Death{4, 0, "1000"},
                                         Death{4, 2, "1000000"}, Death{4, 3, "1"}, Death{8, 0, "1000000"},
                                         Death{8, 5, "1000"}, Death{8, 7, "1000000"}),
                         [](const auto& test) {
                           return "Rank" + std::to_string(test.param.victim) + "of" +
                                  std::to_string(test.param.num_ranks) + "at" + test.param.count + "elements";
                         });

// Everyone computes and calls nothing. The status turns by itself, and the next call fails at once.
RANK_PROGRAM(ComputeThenReduce) {
  const tutti_comm_t comm = Join();
  for (int i = 0; i < 5; ++i) Synchronise(comm);
  Say("computing", 1);
  while (tutti_comm_status(comm) == TUTTI_OK) SleepMs(1);
  Say("noticed_ns", MonotonicNs());
  SleepMs(200);
  float value = 1;
  const int64_t called_ns = MonotonicNs();
  const tutti_status_t status = tutti_all_reduce(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr);
  Say("call_took_ns", MonotonicNs() - called_ns);
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class KilledWhileAllCompute : public testing::TestWithParam<Death> {};

TEST_P(KilledWhileAllCompute, IsKnownWithinASecondAndTheNextCallFailsAtOnce) {
  const Death death = GetParam();
  Job job("ComputeThenReduce", death.num_ranks);
  ASSERT_TRUE(job.WaitUntilAllSaid("computing"));
  const int64_t killed_ns = job.Signal(death.victim, SIGKILL);
  ASSERT_TRUE(job.AllSucceed({death.victim}));
  ExpectAllReport(job, {death.victim}, "TUTTI_ERR_PEER_FAILED", killed_ns, 1500 * kMs, RankName(death.victim));
  for (int rank = 0; rank < death.num_ranks; ++rank) {
    if (rank == death.victim) continue;
    EXPECT_LT(job.SaidNumber(rank, "noticed_ns") - killed_ns, 1000 * kMs * kSlowdown) << "rank " << rank;
    EXPECT_LT(job.SaidNumber(rank, "call_took_ns"), 100 * kMs * kSlowdown) << "rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(, KilledWhileAllCompute,
                         testing::Values(Death{2, 0, ""}, Death{4, 0, ""}, Death{4, 1, ""}, Death{8, 7, ""}),
                         [](const auto& test) {
                           return "Rank" + std::to_string(test.param.victim) + "of" +
                                  std::to_string(test.param.num_ranks);
                         });

// The last rank ends its process in the middle of the job without a word; the arguments say how, and what the others are
// in: a broadcast's root waits for nobody but whoever has yet to take what it sent long ago.
RANK_PROGRAM(LeaveTheOthersWaiting) {
  const tutti_comm_t comm = Join();
  for (int i = 0; i < 5; ++i) Synchronise(comm);
  MeetOutside(context, "before somebody leaves");
  if (context.rank == context.size - 1) {
    SleepMs(100);
    Say("left_ns", MonotonicNs());
    if (context.arguments[0] == "fast_exit") _exit(0);
    if (context.arguments[0] == "exit") std::exit(0);
    REQUIRE_OK(tutti_comm_destroy(comm));
    SleepMs(1500 * kSlowdown);  // the process lives on, but has left the job
    return;
  }
  const bool broadcast = context.arguments[1] == "broadcast";
  std::vector<float> values(broadcast ? 1'000'000 : 1000, 1.0f);
  tutti_status_t status = TUTTI_OK;
  while (status == TUTTI_OK) {
    status = broadcast ? tutti_broadcast(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, 0, nullptr,
                                         nullptr)
                       : tutti_all_reduce(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, TUTTI_MAX,
                                          nullptr, nullptr);
  }
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Deserter : public testing::TestWithParam<std::tuple<const char*, const char*, int>> {};

TEST_P(Deserter, IsNamedByEveryOtherRankWithinASecond) {
  const auto [how, collective, num_ranks] = GetParam();
  Job job("LeaveTheOthersWaiting", num_ranks,
          {.arguments = {how, collective}, .environment = {{"TUTTI_ALGORITHM", "broadcast:shared"}}});
  ASSERT_TRUE(job.AllSucceed());
  ExpectAllReport(job, {num_ranks - 1}, "TUTTI_ERR_PEER_FAILED", job.SaidNumber(num_ranks - 1, "left_ns"), 1000 * kMs,
                  RankName(num_ranks - 1));
}

INSTANTIATE_TEST_SUITE_P(, Deserter,
                         testing::Combine(testing::Values("fast_exit", "exit", "destroy"),
                                          testing::Values("all_reduce", "broadcast"), testing::Values(2, 4)),
                         [](const auto& test) {
                           return TestName(
                               std::string("By_") + std::get<0>(test.param) + "_in_" + std::get<1>(test.param),
                               std::get<2>(test.param));
                         });

}  // namespace
}  // namespace tutti::multi_process
