// SPDX-License-Identifier: Apache-2.0
// Which algorithm a job uses is rank 0's word: its TUTTI_ALGORITHM, then its table. What was chosen is seen in the sentence of a
// call that fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

using testing::HasSubstr;

// Argument: elements. Rank 2 calls with one less.
RANK_PROGRAM(ShowChoice) {
  const tutti_comm_t comm = Join();
  const size_t count = std::stoul(context.arguments[0]) - (context.rank == 2 ? 1 : 0);
  std::vector<float> vector(count, 1);
  Synchronise(comm);
  MeetOutside(context, "before the call");
  tutti_status_t status = TUTTI_OK;
  const int64_t give_up_ns = MonotonicNs() + 5000 * kMs;
  while (status == TUTTI_OK && MonotonicNs() < give_up_ns) {
    status = tutti_all_reduce(comm, vector.data(), vector.data(), count, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr);
  }
  Say("why", tutti_comm_last_error(comm));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// What rank 1's sentence says of its own call, with so many elements.
std::string Chosen(const std::string& count, JobOptions options, const char* transport = "tcp") {
  options.arguments = {count};
  options.environment["TUTTI_TRANSPORT"] = transport;
  Job job("ShowChoice", 3, options);
  EXPECT_TRUE(job.AllSucceed());
  return job.Said(1, "why");
}

TEST(AlgorithmChoice, RangesAreHeeded) {
  JobOptions options;
  options.environment = {{"TUTTI_ALGORITHM", "all_reduce:ring@64K-,double_tree@-4K"}};
  EXPECT_THAT(Chosen("100000", options), HasSubstr("ring"));
  EXPECT_THAT(Chosen("1000", options), HasSubstr("double_tree"));
}

TEST(AlgorithmChoice, RankZerosWordHoldsForAll) {
  JobOptions options;
  options.for_one_rank[0] = {{"TUTTI_ALGORITHM", "all_reduce:double_tree"}};
  options.for_one_rank[1] = {{"TUTTI_ALGORITHM", "all_reduce:ring"}};
  EXPECT_THAT(Chosen("1000", options), HasSubstr("double_tree"));
}

TEST(AlgorithmChoice, ATableIsReadByRankZeroAndComesAfterWishes) {
  const std::string file = testing::TempDir() + "/tutti_table_" + std::to_string(getpid());
  std::ofstream(file) << "# sizes\nall_reduce:double_tree/3\n";
  JobOptions options;
  options.for_one_rank[0] = {{"TUTTI_ALGORITHM_TABLE", file}};
  EXPECT_THAT(Chosen("1000", options), HasSubstr("double_tree"));
  // Messages are not what ranks that share memory want.
  EXPECT_THAT(Chosen("1000", options, "shm,tcp"), HasSubstr("shared_"));
  options.for_one_rank[0]["TUTTI_ALGORITHM"] = "all_reduce:ring@1K-";
  EXPECT_THAT(Chosen("1000", options), HasSubstr("ring"));
  std::remove(file.c_str());
}

TEST(AlgorithmChoice, ATableAsLongAsMayBeReachesAllRanksWhole) {
  const std::string file = testing::TempDir() + "/tutti_table_" + std::to_string(getpid());
  const std::string last = "\nall_reduce:double_tree/3";
  std::ofstream(file) << std::string((64 << 10) - last.size(), '#') << last;
  JobOptions options;
  options.for_one_rank[0] = {{"TUTTI_ALGORITHM_TABLE", file}};
  EXPECT_THAT(Chosen("1000", options), HasSubstr("double_tree"));
  std::remove(file.c_str());
}

RANK_PROGRAM(FailToJoin) {
  tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
  tutti_comm_t comm = nullptr;
  Say("status", tutti_status_name(tutti_comm_create(&config, &comm)));
  Say("why", tutti_last_error());
}

TEST(AlgorithmChoice, AMalformedTableIsAnErrorThatShowsTheSpot) {
  const std::string file = testing::TempDir() + "/tutti_table_" + std::to_string(getpid());
  std::ofstream(file) << "# sizes\nall_reduce:ring@64Q-\n";
  JobOptions options;
  options.environment = {{"TUTTI_ALGORITHM_TABLE", file}, {"TUTTI_TIMEOUT", "5s"}};
  Job job("FailToJoin", 1, options);
  EXPECT_TRUE(job.AllSucceed());
  EXPECT_EQ(job.Said(0, "status"), "TUTTI_ERR_CONFIG");
  EXPECT_THAT(job.Said(0, "why"),
              HasSubstr(file + ": algorithms line 2, item 1 (\"all_reduce:ring@64Q-\"): \"64Q-\" is not"));
  options.environment["TUTTI_ALGORITHM_TABLE"] = "/nonexistent";
  Job missing("FailToJoin", 1, options);
  EXPECT_TRUE(missing.AllSucceed());
  EXPECT_THAT(missing.Said(0, "why"),
              HasSubstr("TUTTI_ALGORITHM_TABLE: /nonexistent: it cannot be read (No such file"));
  std::remove(file.c_str());
}

}  // namespace
}  // namespace tutti::multi_process
