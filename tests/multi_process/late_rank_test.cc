// SPDX-License-Identifier: Apache-2.0
// Planted faults that the library does not know of: a rank that comes late. Every rank must name it, and say by how much.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <ostream>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

int64_t RawNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// The same numbers on all ranks.
class Plan {
 public:
  int Below(int n) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<int>((state_ >> 33) % static_cast<uint64_t>(n));
  }

 private:
  uint64_t state_ = 42;
};

// What each rank itself saw of one round: when it called, by a clock that all share, and what telemetry said afterwards.
struct Seen {
  int64_t called_ns = 0;
  int64_t last_rank = -1;
  int64_t last_by_ns = 0;
  int64_t error_ns = 0;
  int64_t parts_ns = 0;  // of total_ns, less total_ns
};

// Rounds of: meet, one rank is late, all reduce. Each rank compares what it was told with what all ranks saw.
RANK_PROGRAM(SomebodyIsLate) {
  const std::string algorithm = context.arguments[0];
  const size_t count = std::stoul(context.arguments[1]);
  const int rounds = std::stoi(context.arguments[2]);
  const tutti_comm_t comm = Join();
  std::vector<float> values(count, 1.0f), sums(count);
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  if (algorithm != "default") options.algorithm = algorithm.c_str();
  Plan plan;
  std::vector<Seen> all(static_cast<size_t>(context.size));
  int judged = 0;
  int right_rank = 0;
  int right_time = 0;
  for (int round = 0; round < rounds; ++round) {
    const int late = plan.Below(context.size);
    const int delay_us = 3000 + plan.Below(30'000);
    // Many in a row: small ones through shared memory are not clocked one by one.
    for (int i = 0; i < 100; ++i) Synchronise(comm);
    if (context.rank == late) SleepMs(delay_us / 1000);
    Seen seen;
    seen.called_ns = RawNs();
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), sums.data(), count, TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr));
    tutti_timing_t timing = TUTTI_TIMING_INIT;
    REQUIRE_OK(tutti_last_timing(&timing));
    seen.last_rank = timing.last_rank;
    seen.last_by_ns = timing.last_by_ns;
    seen.error_ns = timing.last_error_ns;
    seen.parts_ns = timing.queued_ns + timing.waited_ns + timing.moved_ns + timing.reduced_ns - timing.total_ns;
    REQUIRE_OK(
        tutti_all_gather(comm, &seen, all.data(), sizeof(Seen) / sizeof(int64_t), TUTTI_INT64, nullptr, nullptr));

    // The truth, by the clock that all ranks of a host share. A busy machine makes others late, too: what counts is when
    // each rank called.
    int last = 0;
    for (int r = 1; r < context.size; ++r) {
      if (all[static_cast<size_t>(r)].called_ns > all[static_cast<size_t>(last)].called_ns) last = r;
    }
    int64_t second_ns = INT64_MIN;
    for (int r = 0; r < context.size; ++r) {
      if (r != last) second_ns = std::max(second_ns, all[static_cast<size_t>(r)].called_ns);
    }
    const int64_t last_ns = all[static_cast<size_t>(last)].called_ns;
    Require(seen.parts_ns == 0, "the parts of the time add up");
    if (last_ns - second_ns < 1'000'000 + 2 * seen.error_ns) continue;  // two came together
    ++judged;
    const int64_t truth_ns = last_ns - (context.rank == last ? second_ns : seen.called_ns);
    const int64_t allowed_ns = std::max<int64_t>(truth_ns / 20, 50'000) + seen.error_ns;
    right_rank += seen.last_rank == last;
    right_time += std::abs(seen.last_by_ns - truth_ns) <= allowed_ns;
  }
  Say("judged", judged);
  Say("right_rank", right_rank);
  Say("right_time", right_time);
  int64_t blamed = 0;
  for (int r = 0; r < context.size; ++r) {
    tutti_blame_t blame = TUTTI_BLAME_INIT;
    REQUIRE_OK(tutti_telemetry_blame(comm, r, &blame));
    blamed += static_cast<int64_t>(blame.times_last);
  }
  Say("blamed", blamed);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

struct Case {
  std::string algorithm;
  std::string count;
  int num_ranks;
  bool two_hosts = false;

  friend std::ostream& operator<<(std::ostream& out, const Case& c) {
    return out << c.algorithm << " of " << c.count << " on " << c.num_ranks << (c.two_hosts ? ", two hosts" : "");
  }
};

class LateRank : public testing::TestWithParam<Case> {};

TEST_P(LateRank, IsNamedByAllAndByHowMuch) {
  const Case& what = GetParam();
  JobOptions options = {.arguments = {what.algorithm, what.count, "20"}};
  for (int rank = 0; what.two_hosts && rank < what.num_ranks; ++rank) {
    options.for_one_rank[rank]["TUTTI_HOST_ID"] = rank % 2 == 0 ? "even" : "odd";
  }
  Job job("SomebodyIsLate", what.num_ranks, options);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < what.num_ranks; ++rank) {
    const int64_t judged = job.SaidNumber(rank, "judged");
    EXPECT_GE(judged, 10) << "rank " << rank << ": too few rounds with one rank alone the last";
    // A rank may lose its core between looking at the clock and calling.
    EXPECT_GE(job.SaidNumber(rank, "right_rank"), judged - 1) << "rank " << rank;
    EXPECT_GE(job.SaidNumber(rank, "right_time"), judged - 2) << "rank " << rank;
    EXPECT_GE(job.SaidNumber(rank, "blamed"), 20) << "rank " << rank;
  }
}

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  return TestName(
      info.param.algorithm + (info.param.count == "2" ? "Small" : "Large") + (info.param.two_hosts ? "TwoHosts" : ""),
      info.param.num_ranks);
}

INSTANTIATE_TEST_SUITE_P(, LateRank,
                         testing::Values(Case{"default", "2", 2}, Case{"default", "2", 4}, Case{"default", "2", 8},
                                         Case{"default", "60000", 4}, Case{"ring", "2", 4}, Case{"ring", "60000", 8},
                                         Case{"recursive_doubling", "2", 8}, Case{"circulant", "60000", 4},
                                         Case{"double_tree", "60000", 8}, Case{"ring", "60000", 4, true}),
                         NameOf);

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

}  // namespace
}  // namespace tutti::multi_process
