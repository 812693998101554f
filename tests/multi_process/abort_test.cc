// SPDX-License-Identifier: Apache-2.0
// tutti_comm_abort from another thread returns every waiter on every rank, with the reason.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

constexpr char kReason[] = "loss is NaN at step 17";

// Rank 0 aborts from a second thread while its first one waits. The last rank never calls: it computes. Argument: how
// the others wait.
RANK_PROGRAM(AbortWhileAllWait) {
  const tutti_comm_t comm = Join();
  const std::string& how = context.arguments[0];
  Synchronise(comm);
  MeetOutside(context, "before the wait");
  std::thread aborter;
  if (context.rank == 0) {
    aborter = std::thread([comm] {
      SleepMs(300);
      Say("aborted_ns", MonotonicNs());
      REQUIRE_OK(tutti_comm_abort(comm, kReason));
    });
  }
  std::vector<float> values(100000, 1.0f), sums(100000);
  tutti_status_t status = TUTTI_OK;
  if (context.rank == context.size - 1) {
    while ((status = tutti_comm_status(comm)) == TUTTI_OK) SleepMs(1);
  } else if (how == "blocking") {
    status =
        tutti_all_reduce(comm, values.data(), sums.data(), values.size(), TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr);
  } else {
    tutti_request_t requests[2] = {nullptr, nullptr};
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), sums.data(), values.size(), TUTTI_FLOAT32, TUTTI_SUM, nullptr,
                                &requests[0]));
    REQUIRE_OK(tutti_barrier(comm, nullptr, &requests[1]));
    int index = -1;
    status = how == "wait_any" ? tutti_request_wait_any(2, requests, &index) : tutti_request_wait(&requests[1]);
    Require(tutti_request_wait_all(2, requests) != TUTTI_OK || how == "wait_any", "the other request failed, too");
  }
  SayFailure(comm, status);
  Require(tutti_barrier(comm, nullptr, nullptr) == TUTTI_ERR_ABORTED, "later calls are refused");
  if (aborter.joinable()) aborter.join();
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Abort : public testing::TestWithParam<std::tuple<const char*, int, const char*>> {};

TEST_P(Abort, ReturnsEveryWaiterOnEveryRankWithTheReason) {
  const auto [how, num_ranks, progress_thread] = GetParam();
  Job job("AbortWhileAllWait", num_ranks,
          {.arguments = {how}, .environment = {{"TUTTI_PROGRESS_THREAD", progress_thread}}});
  ASSERT_TRUE(job.AllSucceed());
  const int64_t aborted_ns = job.SaidNumber(0, "aborted_ns");
  ExpectAllReport(job, {}, "TUTTI_ERR_ABORTED", aborted_ns, 1000 * kMs, kReason);
  ExpectAllReport(job, {}, "TUTTI_ERR_ABORTED", aborted_ns, 1000 * kMs, RankName(0));
}

INSTANTIATE_TEST_SUITE_P(, Abort,
                         testing::Combine(testing::Values("blocking", "wait", "wait_any"),
                                          testing::ValuesIn(RankCounts({2, 4, 8})), testing::Values("0", "1")),
                         [](const auto& test) {
                           return TestName(std::get<0>(test.param), std::get<1>(test.param), std::get<2>(test.param));
                         });

// All ranks abort at the same moment, from two threads each: one failure, no crash, one of the reasons everywhere.
RANK_PROGRAM(EveryoneAborts) {
  const tutti_comm_t comm = Join();
  const std::string reason = "reason of " + std::to_string(context.rank);
  MeetOutside(context, "before the abort");
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] { REQUIRE_OK(tutti_comm_abort(comm, reason.c_str())); });
  }
  tutti_status_t status = TUTTI_OK;
  while (status == TUTTI_OK) status = tutti_barrier(comm, nullptr, nullptr);
  for (std::thread& thread : threads) thread.join();
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(AbortByEveryone, IsOneFailure) {
  Job job("EveryoneAborts", 8);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 8; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_ABORTED");
    EXPECT_THAT(job.Said(rank, "sentence"), testing::HasSubstr("reason of "));
  }
}

}  // namespace
}  // namespace tutti::multi_process
