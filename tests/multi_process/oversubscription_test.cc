// SPDX-License-Identifier: Apache-2.0
// More ranks than cores: waiting must not starve the ranks that have work.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

RANK_PROGRAM(ManySmallReductions) {
  const tutti_comm_t comm = Join();
  std::vector<float> values(256, 1.0f), sums(256);
  Synchronise(comm);
  const int64_t before_ns = MonotonicNs();
  for (int i = 0; i < 200; ++i) {
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), sums.data(), 256, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
    Require(sums[255] == static_cast<float>(context.size), "the sum of ones is the number of ranks");
  }
  Say("took_ns", MonotonicNs() - before_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Two cores and sixteen ranks need well under a second; a library that spins through its time slices needs minutes.
TEST(SixteenRanks, FinishTwoHundredSmallAllReducesInSeconds) {
  Job job("ManySmallReductions", 16);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 16; ++rank) EXPECT_LT(job.SaidNumber(rank, "took_ns"), 10'000 * kMs * kSlowdown);
}

// While one rank computes, the seven that wait for it must leave the cores alone.
RANK_PROGRAM(WaitForOneThatComputes) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  if (context.rank == 0) SleepMs(2000);
  const auto cpu_ns = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * int64_t{1'000'000'000} +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * int64_t{1000};
  };
  const int64_t before_ns = cpu_ns();
  Synchronise(comm);
  Say("cpu_ns", cpu_ns() - before_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(EightRanks, SleepWhileTheyWaitForALateOne) {
  Job job("WaitForOneThatComputes", 8);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 1; rank < 8; ++rank) {
    EXPECT_LT(job.SaidNumber(rank, "cpu_ns"), 200 * kMs * kSlowdown) << "of 2 s waited, rank " << rank;
  }
}

}  // namespace
}  // namespace tutti::multi_process
