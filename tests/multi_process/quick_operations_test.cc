// SPDX-License-Identifier: Apache-2.0
// Small operations through shared memory, of which few are clocked: what is told of them is whole all the same.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <thread>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

// Every operation is counted, clocked or not.
RANK_PROGRAM(ManyQuickOnes) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  REQUIRE_OK(tutti_telemetry_mark(comm));
  float value = 1;
  for (int i = 0; i < 4'000; ++i) {
    REQUIRE_OK(tutti_all_reduce(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_MAX, nullptr, nullptr));
  }
  tutti_timing_t timing = TUTTI_TIMING_INIT;
  REQUIRE_OK(tutti_last_timing(&timing));
  Require(timing.total_ns > 0, "the last operation took some time");
  const auto note = [](void*, const tutti_histogram_t* histogram) {
    Say("count", static_cast<int64_t>(histogram->count));
    Say("p50_ns", histogram->p50_ns);
    Say("sum_ns", static_cast<int64_t>(histogram->mean_ns * static_cast<double>(histogram->count)));
    Say("parts_ns", histogram->queued_ns + histogram->waited_ns + histogram->moved_ns + histogram->reduced_ns);
  };
  REQUIRE_OK(tutti_telemetry_snapshot(comm, note, nullptr));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(QuickOperations, AreAllCounted) {
  Job job("ManyQuickOnes", 2);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(job.SaidNumber(rank, "count"), 4'000);
    EXPECT_GT(job.SaidNumber(rank, "p50_ns"), 20);
    // Of the last few, which stand under the one before, only the total is known.
    const double sum = static_cast<double>(job.SaidNumber(rank, "sum_ns"));
    EXPECT_NEAR(static_cast<double>(job.SaidNumber(rank, "parts_ns")), sum, sum * 0.05 + 200'000);
  }
}

// Rank 0 is early, and gives up its place to something urgent after its first look, before it has looked at a clock.
RANK_PROGRAM(EarlyWhileSomethingIsUrgent) {
  const tutti_comm_t comm = Join();
  tutti_options_t urgent = TUTTI_OPTIONS_INIT;
  urgent.priority = 1;
  float value = 1, message = 0;
  const auto reduce = [&] {
    REQUIRE_OK(tutti_all_reduce(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_MAX, nullptr, nullptr));
  };
  int slow = 0, told_short = 0;
  for (int i = 0; i < 50; ++i) {
    for (int quick = 0; quick < 20; ++quick) reduce();
    tutti_request_t request = nullptr;
    if (context.rank == 0) {
      REQUIRE_OK(tutti_recv(comm, &message, 1, TUTTI_FLOAT32, 1, &urgent, &request));
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    const int64_t begin_ns = MonotonicNs();
    reduce();
    const int64_t took_ns = MonotonicNs() - begin_ns;
    if (context.rank == 0) {
      tutti_timing_t timing = TUTTI_TIMING_INIT;
      REQUIRE_OK(tutti_last_timing(&timing));
      Require(timing.total_ns <= took_ns + 1'000'000, "it is not told to have taken longer than it has");
      // Where rank 0 lost its core before the call it was not early.
      if (took_ns >= 1'000'000) ++slow;
      if (took_ns >= 1'000'000 && timing.total_ns < took_ns / 2) ++told_short;
      REQUIRE_OK(tutti_request_wait(&request));
    } else {
      REQUIRE_OK(tutti_send(comm, &value, 1, TUTTI_FLOAT32, 0, nullptr, nullptr));
    }
  }
  Say("slow", slow);
  Say("told_short", told_short);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(QuickOperations, KnowTheirTimeIfTheyBecomeSlowAtOnce) {
  Job job("EarlyWhileSomethingIsUrgent", 2);
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_GE(job.SaidNumber(0, "slow"), 10);
  // One that lost its core within its only look is a quick one to itself: a busy machine does that to few.
  EXPECT_LE(job.SaidNumber(0, "told_short"), 2);
}

}  // namespace
}  // namespace tutti::multi_process
