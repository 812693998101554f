// SPDX-License-Identifier: Apache-2.0
// Ranks that take themselves for ranks of several hosts in several racks (TUTTI_HOST_ID, TUTTI_LOCALITY).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

struct Place {
  const char* host;
  const char* locality;
  const char* part = nullptr;
};

JobOptions At(const std::vector<Place>& places) {
  JobOptions options;
  for (size_t rank = 0; rank < places.size(); ++rank) {
    options.for_one_rank[static_cast<int>(rank)] = {{"TUTTI_HOST_ID", places[rank].host},
                                                    {"TUTTI_LOCALITY", places[rank].locality}};
    if (places[rank].part != nullptr)
      options.for_one_rank[static_cast<int>(rank)]["TUTTI_HOST_PART"] = places[rank].part;
  }
  return options;
}

// Hosts of 2, 2, 1 and 1 ranks in two racks, ranks dealt out by turns.
const std::vector<Place>& TwoRacks() {
  static const std::vector<Place> places = {{"a", "spine/r1"}, {"b", "spine/r2"}, {"c", "spine/r1"},
                                            {"d", "spine/r2"}, {"a", "spine/r1"}, {"b", "spine/r2"}};
  return places;
}

class HostsInRacks : public testing::TestWithParam<const char*> {};

TEST_P(HostsInRacks, CollectivesGiveWhatAnElementWiseReferenceGives) {
  const std::string collective = GetParam();
  JobOptions options = At(TwoRacks());
  options.arguments = {collective};
  Job chosen("RunCollective", static_cast<int>(TwoRacks().size()), options);
  EXPECT_TRUE(chosen.AllSucceed());
  if (collective == "broadcast" || collective == "reduce") return;
  for (const char* algorithm : {":hierarchical", ":ring"}) {
    options.environment = {{"TUTTI_ALGORITHM", collective + algorithm}};
    Job job("RunCollective", static_cast<int>(TwoRacks().size()), options);
    EXPECT_TRUE(job.AllSucceed()) << algorithm;
  }
}

INSTANTIATE_TEST_SUITE_P(, HostsInRacks,
                         testing::Values("all_reduce", "all_gather", "reduce_scatter", "broadcast", "reduce"),
                         [](const auto& test) { return std::string(test.param); });

// Sockets in hosts in racks: three levels, uneven ones.
TEST(PartsOfHosts, AreALevelBelowThem) {
  const std::vector<Place> places = {{"a", "r1", "s0"}, {"a", "r1", "s1"}, {"b", "r2", "s0"}, {"a", "r1", "s0"},
                                     {"b", "r2", "s0"}, {"c", "r2", "s1"}, {"a", "r1", "s1"}, {"c", "r2", "s1"}};
  for (const std::string collective : {"all_reduce", "all_gather", "reduce_scatter", "broadcast"}) {
    JobOptions options = At(places);
    options.arguments = {collective};
    if (collective != "broadcast") options.environment = {{"TUTTI_ALGORITHM", collective + ":hierarchical"}};
    Job job("RunCollective", static_cast<int>(places.size()), options);
    EXPECT_TRUE(job.AllSucceed()) << collective;
  }
}

// The sentence about a call that differs says what was chosen.
TEST(TellingWhereHostsAre, OneRankOnEachHostReducesByRacks) {
  for (const bool told : {false, true}) {
    Job job("ReduceDifferently", 4,
            told ? At({{"a", "r1"}, {"b", "r1"}, {"c", "r2"}, {"d", "r2"}})
                 : At({{"a", "r1"}, {"b", "r1"}, {"c", "r1"}, {"d", "r1"}}));
    ASSERT_TRUE(job.AllSucceed());
    for (int rank = 0; rank < 4; ++rank) {
      EXPECT_THAT(job.Said(rank, "why"), testing::HasSubstr(told ? "all_reduce(float32 x 10000, sum, hierarchical)"
                                                                 : "all_reduce(float32 x 10000, sum, circulant)"));
    }
  }
}

TEST(TellingWhereHostsAre, RanksOfAHostThatContradictEachOtherAreAllTold) {
  JobOptions options = At({{"a", "r1"}, {"b", "r1"}, {"b", "r2"}});
  Job job("JoinAndReport", 3, options);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_BOOTSTRAP");
    EXPECT_THAT(job.Said(rank, "sentence"),
                testing::AllOf(testing::ContainsRegex(RankName(1)), testing::ContainsRegex(RankName(2)),
                               testing::HasSubstr("give all ranks of a host the same TUTTI_LOCALITY")));
  }
}

RANK_PROGRAM(JoinAndMeet) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class TellingByFile : public testing::Test {
 protected:
  ~TellingByFile() override { std::remove(path.c_str()); }
  JobOptions WithFile(const std::string& text) {
    std::ofstream(path) << text;
    JobOptions options;
    options.environment = {{"TUTTI_LOCALITY_FILE", path}};
    return options;
  }
  const std::string path = testing::TempDir() + "tutti_locality." + std::to_string(getpid());
};

TEST_F(TellingByFile, AFileWithThisHostIsTaken) {
  char host[256] = "";
  ASSERT_EQ(gethostname(host, sizeof host - 1), 0);
  Job job("JoinAndMeet", 3, WithFile("SwitchName=r1 Nodes=" + std::string(host) + " # this one\n"));
  EXPECT_TRUE(job.AllSucceed());
}

TEST_F(TellingByFile, AMalformedFileAndOneWithoutThisHostAreRefused) {
  const std::pair<const char*, const char*> files[] = {
      {"SwitchName=r1 Nodes=node[1-\n", ", line 1: Nodes: a \"[\" is not closed in \"node[1-\""},
      {"SwitchName=r1 Nodes=no-such-host\n", "names no switch for this host"}};
  for (const auto& [text, sentence] : files) {
    Job job("JoinAndReport", 2, WithFile(text));
    ASSERT_TRUE(job.AllSucceed());
    for (int rank = 0; rank < 2; ++rank) {
      EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_CONFIG");
      EXPECT_THAT(job.Said(rank, "sentence"),
                  testing::AllOf(testing::HasSubstr("TUTTI_LOCALITY_FILE: " + path), testing::HasSubstr(sentence)));
    }
  }
}

}  // namespace
}  // namespace tutti::multi_process
