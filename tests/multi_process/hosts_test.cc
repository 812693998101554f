// SPDX-License-Identifier: Apache-2.0
// Ranks that take themselves for ranks of several hosts (TUTTI_HOST_ID): shared memory inside, TCP between, and hierarchical
// collectives over both.
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

TEST_P(SeveralHosts, CollectivesGiveWhatAnElementWiseReferenceGives) {
  for (const char* collective : {"all_reduce", "all_gather", "reduce_scatter"}) {
    JobOptions options = OnHosts(GetParam());
    options.arguments = {collective};
    options.environment = {{"TUTTI_ALGORITHM", std::string(collective) + ":hierarchical"}};
    Job job("RunCollective", static_cast<int>(GetParam().size()), options);
    EXPECT_TRUE(job.AllSucceed()) << collective;
  }
}

INSTANTIATE_TEST_SUITE_P(, SeveralHosts,
                         testing::Values(std::vector<std::string>{"a", "a", "b", "b"},
                                         std::vector<std::string>{"a", "b", "c", "a", "a", "c"}),
                         [](const auto& test) { return std::to_string(test.param.size()) + "_ranks"; });

// An all-reduce of a million floats with the codec of the argument. Says what left this rank as codes, and as how many bytes.
RANK_PROGRAM(ReduceBetweenHostsWithCodec) {
  const tutti_comm_t comm = Join();
  constexpr size_t kCount = 1'000'000;
  std::vector<float> values(kCount), sums(kCount);
  for (size_t i = 0; i < kCount; ++i) values[i] = static_cast<float>(i % 251);
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.codec = context.arguments[0].c_str();
  REQUIRE_OK(tutti_all_reduce(comm, values.data(), sums.data(), kCount, TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr));
  const float allowed = 2 * 250.0f / 127 * static_cast<float>(context.size);
  for (size_t i = 0; i < kCount; ++i) {
    const float exact = static_cast<float>(i % 251) * static_cast<float>(context.size);
    Require(sums[i] > exact - allowed && sums[i] < exact + allowed, "element " + std::to_string(i) + " is wrong");
  }
  tutti_codec_totals_t totals = TUTTI_CODEC_TOTALS_INIT;
  REQUIRE_OK(tutti_telemetry_codec(comm, options.codec, &totals));
  Say("raw_bytes", static_cast<int64_t>(totals.raw_bytes));
  Say("sent_bytes", static_cast<int64_t>(totals.sent_bytes));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Each of a host's two ranks leads a half of the vector; of that, half is sent as a contribution, and half as a result.
TEST(OnSeveralHosts, OnlyBytesBetweenHostsAreEncoded) {
  JobOptions options = OnHosts({"a", "a", "b", "b"});
  options.arguments = {"int8"};
  Job job("ReduceBetweenHostsWithCodec", 4, options);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 4; ++rank) {
    EXPECT_EQ(job.SaidNumber(rank, "raw_bytes"), 2'000'000) << "rank " << rank;
    EXPECT_GT(job.SaidNumber(rank, "sent_bytes"), 2'000'000 / 4) << "rank " << rank;
    EXPECT_LT(job.SaidNumber(rank, "sent_bytes"), 2'000'000 / 4 * 1.04) << "rank " << rank;
  }
}

// Hosts: a, b, c, a, a, c.
RANK_PROGRAM(SplitByHost) {
  const tutti_comm_t world = Join();
  const std::vector<int> host = {0, 1, 2, 0, 0, 2};
  const std::vector<int> place = {0, 0, 0, 1, 2, 1};
  const auto mine = static_cast<size_t>(context.rank);
  const auto members_where = [&](const std::vector<int>& key) {
    int32_t sum = 0;
    for (size_t r = 0; r < key.size(); ++r) sum += key[r] == key[mine] ? 1 << r : 0;
    return sum;
  };
  const auto check = [&](tutti_split_t type, int32_t expected, const char* what) {
    tutti_comm_t part = nullptr;
    REQUIRE_OK(tutti_comm_split_type(world, type, 0, &part));
    Require((part != nullptr) == (expected != 0), what);
    if (part == nullptr) return;
    int32_t members = 1 << context.rank;
    REQUIRE_OK(tutti_all_reduce(part, &members, &members, 1, TUTTI_INT32, TUTTI_SUM, nullptr, nullptr));
    Require(members == expected, what);
    REQUIRE_OK(tutti_comm_destroy(part));
  };
  check(TUTTI_SPLIT_HOST, members_where(host), "those of the host");
  check(TUTTI_SPLIT_ACROSS_HOSTS, members_where(place), "those with the same place");
  check(TUTTI_SPLIT_ONE_PER_HOST, place[mine] == 0 ? 0b111 : 0, "the first of each host");
  tutti_comm_t part = nullptr;
  const tutti_split_t odd = context.rank == 2 ? TUTTI_SPLIT_HOST : TUTTI_SPLIT_ACROSS_HOSTS;
  Require(tutti_comm_split_type(world, odd, 0, &part) == TUTTI_ERR_INVALID_ARGUMENT, "different types are told");
  Require(std::string(tutti_last_error()).find("gave type") != std::string::npos, tutti_last_error());
  Require(tutti_comm_split_type(world, static_cast<tutti_split_t>(9), 0, &part) == TUTTI_ERR_INVALID_ARGUMENT,
          "an unknown type is refused");
  Synchronise(world);
  REQUIRE_OK(tutti_comm_destroy(world));
}

TEST(OnSeveralHosts, CommunicatorsOfAHostAndAcrossHostsAreReadyMade) {
  Job job("SplitByHost", 6, OnHosts({"a", "b", "c", "a", "a", "c"}));
  EXPECT_TRUE(job.AllSucceed());
}

// Two ranks do not ask anybody about hosts when they join.
RANK_PROGRAM(SplitTwoByHost) {
  const tutti_comm_t world = Join();
  for (const tutti_split_t type : {TUTTI_SPLIT_HOST, TUTTI_SPLIT_ACROSS_HOSTS}) {
    tutti_comm_t part = nullptr;
    REQUIRE_OK(tutti_comm_split_type(world, type, 0, &part));
    int size = 0;
    REQUIRE_OK(tutti_comm_size(part, &size));
    Require(size == ((context.arguments[0] == "same") == (type == TUTTI_SPLIT_HOST) ? 2 : 1), "two together or apart");
    REQUIRE_OK(tutti_comm_destroy(part));
  }
  REQUIRE_OK(tutti_comm_destroy(world));
}

TEST(OnSeveralHosts, TwoRanksAreSplitByHostAsWell) {
  for (const char* second : {"a", "b"}) {
    JobOptions options = OnHosts({"a", second});
    options.arguments = {second == std::string("a") ? "same" : "different"};
    Job job("SplitTwoByHost", 2, options);
    EXPECT_TRUE(job.AllSucceed());
  }
}

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
