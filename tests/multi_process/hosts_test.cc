// SPDX-License-Identifier: Apache-2.0
// Ranks that take themselves for ranks of several hosts (TUTTI_HOST_ID): shared memory inside, TCP between, and the
// hierarchical all-reduce over both.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

// hosts[r] is the host of rank r.
JobOptions OnHosts(const std::vector<std::string>& hosts) {
  JobOptions options;
  for (size_t rank = 0; rank < hosts.size(); ++rank) {
    options.for_one_rank[static_cast<int>(rank)] = {{"TUTTI_HOST_ID", hosts[rank]}};
  }
  return options;
}

class SeveralHosts : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(SeveralHosts, AnAllReduceGivesWhatAnElementWiseReferenceGives) {
  JobOptions options = OnHosts(GetParam());
  options.arguments = {"all_reduce"};
  Job job("RunCollective", static_cast<int>(GetParam().size()), options);
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, SeveralHosts,
                         testing::Values(std::vector<std::string>{"a", "a", "b", "b"},
                                         std::vector<std::string>{"a", "b", "c", "a", "a", "c"}),
                         [](const auto& test) { return std::to_string(test.param.size()) + "_ranks"; });

// Ranks that differ, once hosts are known: the sentence says what was chosen.
RANK_PROGRAM(ReduceDifferently) {
  const tutti_comm_t comm = Join();
  std::vector<float> vector(10'000, 1);
  Synchronise(comm);
  MeetOutside(context, "before the call");
  const size_t count = vector.size() - (context.rank == 3 ? 1 : 0);
  tutti_status_t status = TUTTI_OK;
  const int64_t give_up_ns = MonotonicNs() + 5000 * kMs;
  while (status == TUTTI_OK && MonotonicNs() < give_up_ns) {
    status = tutti_all_reduce(comm, vector.data(), vector.data(), count, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr);
  }
  Say("failed", tutti_status_name(status));
  Say("why", tutti_comm_last_error(comm));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(OnSeveralHosts, RanksChooseTheHierarchicalAllReduce) {
  Job job("ReduceDifferently", 4, OnHosts({"a", "a", "b", "b"}));
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(job.Said(rank, "failed"), "TUTTI_ERR_MISMATCH");
    EXPECT_THAT(job.Said(rank, "why"), testing::HasSubstr("all_reduce(float32 x 10000, sum, hierarchical)"));
    EXPECT_THAT(job.Said(rank, "why"), testing::ContainsRegex(RankName(3)));
  }
}

}  // namespace
}  // namespace tutti::multi_process
