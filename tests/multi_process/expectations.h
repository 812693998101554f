// SPDX-License-Identifier: Apache-2.0
// What tests of failures share: the demands on what every survivor reports.
#ifndef TUTTI_TESTS_MULTI_PROCESS_EXPECTATIONS_H_
#define TUTTI_TESTS_MULTI_PROCESS_EXPECTATIONS_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "tests/multi_process/harness.h"

namespace tutti::multi_process {

inline constexpr int64_t kMs = 1'000'000;

// Every rank but `except` reported `status` within `limit_ns` of `since_ns`, and the time that some rank had no core
// (@starved_ns, if they say it), with a sentence that has a match of `pattern`. The name of a rank in a pattern is RankName(r):
// "rank 1" must not match "rank 12".
inline void ExpectAllReport(const Job& job, const std::set<int>& except, const std::string& status, int64_t since_ns,
                            int64_t limit_ns, const std::string& pattern) {
  int64_t starved_ns = 0;
  for (int rank = 0; rank < job.num_ranks(); ++rank) {
    starved_ns = std::max(starved_ns, job.SaidNumber(rank, "starved_ns"));
  }
  for (int rank = 0; rank < job.num_ranks(); ++rank) {
    if (except.count(rank) != 0) continue;
    EXPECT_EQ(job.Said(rank, "status"), status) << "rank " << rank << ": " << job.Said(rank, "sentence");
    EXPECT_THAT(job.Said(rank, "sentence"), testing::ContainsRegex(pattern)) << "rank " << rank;
    EXPECT_LE(job.SaidNumber(rank, "failed_at_ns") - since_ns, limit_ns * kSlowdown + starved_ns)
        << "ns, rank " << rank << ": " << job.Said(rank, "sentence");
  }
}

inline std::string RankName(int rank) { return "rank " + std::to_string(rank) + "([^0-9]|$)"; }

}  // namespace tutti::multi_process

#endif  // TUTTI_TESTS_MULTI_PROCESS_EXPECTATIONS_H_
