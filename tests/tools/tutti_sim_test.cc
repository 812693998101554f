// SPDX-License-Identifier: Apache-2.0
// tutti-sim as its users meet it, and the files that it reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "run_program.h"
#include "tools/cluster/cluster_file.h"

namespace tutti {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

std::string ReadError(const std::string& text) {
  simulate::ClusterSpec spec;
  return std::string(cluster::ReadCluster(text, "", &spec).message());
}

TEST(ClusterFile, ChangesWhatItSaysAndNothingElse) {
  simulate::ClusterSpec spec;
  const auto status = cluster::ReadCluster(R"({
    "hosts": [3, 5, 1],  // as many ranks on each
    "cores_per_host": 2, "reduce_GBps": 4,
    "paths": {"rack": {"latency_us": 7.5, "GBps": 2, "eager_bytes": 16384}, "far": {"send_us": 3}},
    "noise": {"kind": "samples", "us": [0, 1, 100], "chance": 0.25},
    "late": [{"rank": 4, "us": 20}],
    "faults": [{"link": "host 2 in", "bandwidth_factor": 0.5}, {"link": "rack 0", "down_from_us": 1, "down_for_us": 2}]
  })",
                                           "", &spec);
  ASSERT_TRUE(status.ok()) << status;
  const simulate::Costs usual = simulate::Costs::Default();
  EXPECT_EQ(spec.hosts, (std::vector<int>{3, 5, 1}));
  EXPECT_EQ(spec.cores_per_host, 2);
  EXPECT_EQ(spec.costs.reduce_ps_per_byte, 250);
  EXPECT_EQ(spec.costs.copy_ps_per_byte, usual.copy_ps_per_byte);
  EXPECT_EQ(spec.costs.paths[0], usual.paths[0]);
  EXPECT_EQ(spec.costs.paths[1].latency_ps, 7'500'000);
  EXPECT_EQ(spec.costs.paths[1].ps_per_byte, 500);
  EXPECT_EQ(spec.costs.paths[1].eager_bytes, 16384u);
  EXPECT_EQ(spec.costs.paths[1].send_ps, usual.paths[1].send_ps);
  EXPECT_EQ(spec.costs.paths[2], spec.costs.paths[1]) << "a class that is not named is like the one before";
  EXPECT_EQ(spec.costs.paths[3].send_ps, 3'000'000);
  EXPECT_EQ(spec.costs.noise.samples, (std::vector<int64_t>{0, 1'000'000, 100'000'000}));
  ASSERT_EQ(spec.faults.size(), 2u);
  EXPECT_FALSE(spec.faults[0].out);
  EXPECT_EQ(spec.faults[1].down_until_ps, 3'000'000);
}

TEST(ClusterFile, SaysWhereItIsMalformed) {
  EXPECT_EQ(ReadError("[]"), "at the top: [] is not an object, { ... }");
  EXPECT_THAT(ReadError("{\n  \"ranks_per_host\": 4,\n  \"call_us\": }"), HasSubstr("line 3, column 14:\n"));
  EXPECT_THAT(ReadError("{\"call_us\": }"), HasSubstr("\n    {\"call_us\": }\n                ^"));
  EXPECT_THAT(ReadError(""), HasSubstr("line 1, column 1"));
  EXPECT_THAT(ReadError(R"({"ranks_per_hots": 4})"),
              HasSubstr("at the top: there is no \"ranks_per_hots\" here; what may"));
  EXPECT_THAT(ReadError(R"({"ranks_per_host": 0})"), HasSubstr("at /ranks_per_host: 0 is not a whole number from 1"));
  EXPECT_THAT(ReadError(R"({"ranks_per_host": 1e300})"), HasSubstr("at /ranks_per_host: "));
  EXPECT_THAT(ReadError(R"({"paths": {"rack": {"latency_us": -3}}})"),
              HasSubstr("at /paths/rack/latency_us: -3 is not"));
  EXPECT_THAT(ReadError(R"({"paths": {"rack": {"GBps": 0}}})"), HasSubstr("at /paths/rack/GBps: 0 is not"));
  EXPECT_THAT(ReadError(R"({"paths": {"room": {}}})"), HasSubstr("at /paths: there is no \"room\" here"));
  EXPECT_THAT(ReadError(R"({"uncached": {"messages": 0.5}})"), HasSubstr("at /uncached/messages: 0.5 is not"));
  EXPECT_THAT(ReadError(R"({"uncached": {"cache": 3}})"), HasSubstr("at /uncached: there is no \"cache\" here"));
  EXPECT_THAT(ReadError(R"({"hosts": [3, "x"]})"), HasSubstr("at /hosts/1: \"x\" is not a whole number"));
  EXPECT_THAT(ReadError(R"({"hosts": []})"), HasSubstr("at /hosts: there is no host"));
  EXPECT_THAT(ReadError(R"({"hosts": [1], "ranks_per_host": 1})"), HasSubstr("say the same thing"));
  EXPECT_THAT(ReadError(R"({"noise": {"mean_us": 3}})"), HasSubstr("at /noise: \"kind\" is missing"));
  EXPECT_THAT(ReadError(R"({"noise": {"kind": "exponential"}})"), HasSubstr("at /noise: \"mean_us\" is missing"));
  EXPECT_THAT(ReadError(R"({"noise": {"kind": "gauss"}})"), HasSubstr("at /noise/kind: the kinds are"));
  EXPECT_THAT(ReadError(R"({"noise": {"kind": "samples", "us": []}})"), HasSubstr("there are no samples"));
  EXPECT_THAT(ReadError(R"({"noise": {"kind": "samples", "file": "/nonexistent"}})"),
              HasSubstr("at /noise/file: /nonexistent: "));
  EXPECT_THAT(ReadError(R"({"late": [{"rank": 1}]})"), HasSubstr("at /late/0: it needs"));
  EXPECT_THAT(ReadError(R"({"late": {"rank": 1}})"), HasSubstr("at /late: {\"rank\":1} is not a list"));
  EXPECT_THAT(ReadError(R"({"faults": [{"link": "host x"}]})"), HasSubstr("at /faults/0/link: a link is named like"));
  EXPECT_THAT(ReadError(R"({"faults": [{"link": "host 1 out", "bandwidth_factor": 0}]})"),
              HasSubstr("bandwidth_factor: 0 is"));
}

TEST(ClusterFile, CostsAreReadAsTheyAreWritten) {
  simulate::ClusterSpec written;
  written.costs.paths[1].eager_bytes = 12345;
  written.costs.paths[2].send_ps_per_byte = 250;
  written.costs.uncached = {.cache_bytes = 3 << 20, .messages = 1.5, .reduce = 2, .copy = 4};
  written.costs.noise.kind = simulate::Noise::Kind::kLognormal;
  written.costs.noise.median_ps = 2e6;
  written.costs.noise.sigma = 0.5;
  simulate::ClusterSpec read;
  read.costs = simulate::Costs();
  const auto status = cluster::ReadCluster(cluster::CostsToJson(written.costs).dump(), "", &read);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(read.costs.paths, written.costs.paths);
  EXPECT_EQ(read.costs.reduce_ps_per_byte, written.costs.reduce_ps_per_byte);
  EXPECT_EQ(read.costs.uncached.cache_bytes, written.costs.uncached.cache_bytes);
  EXPECT_EQ(read.costs.uncached.messages, 1.5);
  EXPECT_EQ(read.costs.uncached.reduce, 2);
  EXPECT_EQ(read.costs.uncached.copy, 4);
  EXPECT_EQ(read.costs.noise.median_ps, 2e6);
}

std::string WriteFile(const ScratchDirectory& folder, const std::string& name, const std::string& text) {
  const std::string path = folder.path() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

std::string Contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(TuttiSim, TellsTimeLinksAndCriticalPath) {
  const Finished run = RunProgram({TUTTI_SIM, "all_reduce", "--ranks", "8", "--bytes", "64K"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("all_reduce, 64 KiB, 8 ranks: circulant (the library's choice)"));
  EXPECT_THAT(run.out, HasSubstr("predicted: p50 "));
  EXPECT_THAT(run.out, HasSubstr("critical path: "));
  EXPECT_THAT(run.out, HasSubstr("busiest links:\n    host 5 out "));
}

TEST(TuttiSim, TheSameSeedGivesTheSameOutput) {
  const ScratchDirectory folder;
  const std::string file = WriteFile(folder, "noise.json", R"({"noise": {"kind": "exponential", "mean_us": 2}})");
  const auto run = [&](const char* seed) {
    return RunProgram({TUTTI_SIM, "all_reduce", "-n", "16", "-t", file, "--seed", seed, "--json"}).out;
  };
  EXPECT_EQ(run("7"), run("7"));
  EXPECT_NE(json::parse(run("7"))["points"][0]["p99_ps"], json::parse(run("8"))["points"][0]["p99_ps"]);
}

TEST(TuttiSim, SweepsAlgorithmsSizesAndRanks) {
  const Finished text = RunProgram({TUTTI_SIM, "broadcast", "-n", "4,8", "-b", "1K,1M", "-a", "all"});
  ASSERT_EQ(text.status, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("binomial *"));
  const Finished run = RunProgram({TUTTI_SIM, "broadcast", "-n", "4,8", "-b", "1K,1M", "-a", "all", "--json"});
  const json points = json::parse(run.out)["points"];
  EXPECT_EQ(points.size(), 2u * 2 * 5);  // all but the one over shared memory
  EXPECT_EQ(points[0]["ranks"], 4);
  EXPECT_EQ(points[0]["algorithm"], "binomial");
}

TEST(TuttiSim, HierarchicalIsACandidateWhereHostsHaveSeveralRanks) {
  const ScratchDirectory folder;
  const std::string file = WriteFile(folder, "hosts.json", R"({"hosts": [3, 5, 1]})");
  const Finished run = RunProgram({TUTTI_SIM, "all_reduce", "-n", "9", "-t", file});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("hierarchical (the library's choice)"));
}

TEST(TuttiSim, TheLibraryReducesByRacksWhereThereAreSome) {
  const ScratchDirectory folder;
  const std::string file = WriteFile(folder, "racks.json", R"({"hosts_per_rack": 4})");
  const Finished racks = RunProgram({TUTTI_SIM, "all_reduce", "-n", "16", "-b", "1M", "-t", file});
  EXPECT_THAT(racks.out, HasSubstr("hierarchical (the library's choice)"));
  const Finished flat = RunProgram({TUTTI_SIM, "all_reduce", "-n", "16", "-b", "1M"});
  EXPECT_THAT(flat.out, HasSubstr("circulant (the library's choice)"));
}

TEST(TuttiSim, WritesAPictureAndGoal) {
  const ScratchDirectory folder;
  const std::string svg = folder.path() + "/a.svg";
  const std::string goal = folder.path() + "/a.goal";
  const Finished run = RunProgram({TUTTI_SIM, "all_reduce", "-n", "2", "-b", "8", "-a", "recursive_doubling",
                                   "--in-place", "--svg", svg, "--goal", goal});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(Contents(svg), testing::StartsWith("<svg xmlns="));
  EXPECT_THAT(Contents(svg), HasSubstr("rank 1 receives and reduces 8 B from 0"));
  EXPECT_THAT(Contents(svg), testing::EndsWith("</svg>\n"));
  EXPECT_THAT(Contents(goal), testing::StartsWith("num_ranks 2\n\nrank 0 {\n"));
  EXPECT_THAT(Contents(goal), HasSubstr("send 8b to 1 tag 0\n"));
  EXPECT_THAT(Contents(goal), HasSubstr("recv 8b from 0 tag 0\n"));
}

TEST(TuttiSim, WrongInputIsRefusedWithTheSpot) {
  const ScratchDirectory folder;
  const std::string file = WriteFile(folder, "wrong.json", "{\"paths\": {\"rack\": {\"latency_us\": \"fast\"}}}");
  const Finished run = RunProgram({TUTTI_SIM, "all_reduce", "-t", file});
  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.err, HasSubstr("wrong.json: at /paths/rack/latency_us: \"fast\" is not a number"));
  const Finished missing = RunProgram({TUTTI_SIM, "all_reduce", "-t", "/nonexistent.json"});
  EXPECT_EQ(missing.status, 1);
  EXPECT_THAT(missing.err, HasSubstr("/nonexistent.json: it cannot be read (No such file or directory)"));
  const Finished collective = RunProgram({TUTTI_SIM, "all_redcue"});
  EXPECT_EQ(collective.status, 2);
  EXPECT_THAT(collective.err, HasSubstr("\"all_redcue\" is not one of all_reduce, "));
  const Finished algorithm = RunProgram({TUTTI_SIM, "all_reduce", "-a", "rink"});
  EXPECT_EQ(algorithm.status, 2);
  EXPECT_THAT(algorithm.err, HasSubstr("Did you mean \"ring\"?"));
}

TEST(TuttiSim, TenThousandRanksAreSimulatedAndRingsSaidToBeExtrapolated) {
  const Finished run = RunProgram({TUTTI_SIM, "all_reduce", "-n", "10000", "-b", "1M", "-a", "ring", "--seed", "7"});
  ASSERT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("extrapolated: all 10000 ranks would take about 399"));
  const Finished doubling =
      RunProgram({TUTTI_SIM, "all_reduce", "-n", "10000", "-b", "1M", "-a", "recursive_doubling"});
  ASSERT_EQ(doubling.status, 0) << doubling.err;
  EXPECT_THAT(doubling.out, Not(HasSubstr("extrapolated")));
}

}  // namespace
}  // namespace tutti
