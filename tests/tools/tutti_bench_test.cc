// SPDX-License-Identifier: Apache-2.0
// tutti-bench as its users start it: real ranks, real messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "run_program.h"

namespace tutti {
namespace {

using testing::HasSubstr;

std::vector<std::string> Bench(const std::vector<std::string>& words) {
  std::vector<std::string> argv = {TUTTI_BENCH};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

class TuttiBenchTest : public testing::TestWithParam<const char*> {};

TEST_P(TuttiBenchTest, EveryResultIsRight) {
  const std::string collective = GetParam();
  const Finished run = RunProgram(Bench(
      {collective, "--ranks",        "3",  "-b",      "0",  "-e", "64K", "-f", "16", "-n", "4", "-w", "1", "-c", "2",
       "-d",       "int32,bfloat16", "-o", "sum,avg", "-r", "2"}));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_EQ(run.err, "");
  if (collective == "barrier") return;  // moves nothing that could be wrong
  EXPECT_THAT(run.out, HasSubstr("# wrong elements: 0 OK"));
}

INSTANTIATE_TEST_SUITE_P(Collectives, TuttiBenchTest,
                         testing::Values("all_reduce", "broadcast", "reduce", "all_gather", "reduce_scatter",
                                         "all_to_all", "gather", "scatter", "barrier", "send_recv"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(TuttiBench, GoesThroughAllAlgorithms) {
  const Finished run =
      RunProgram(Bench({"all_reduce", "--ranks", "2", "-b", "1K", "-e", "1K", "-n", "2", "-a", "all"}));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# algorithm ring\n"));
  EXPECT_THAT(run.out, HasSubstr("# algorithm recursive_doubling\n"));
}

TEST(TuttiBench, GoesThroughTheAlgorithmsThatAreNamedInTheirOrder) {
  const Finished run = RunProgram(
      Bench({"all_reduce", "--ranks", "2", "-b", "1K", "-e", "1K", "-n", "2", "-a", "ring,circulant,direct"}));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out,
              testing::ContainsRegex("# algorithm ring\n[^#]*# algorithm circulant\n[^#]*# algorithm direct\n"));
  EXPECT_THAT(run.out, testing::Not(HasSubstr("# algorithm one_shot\n")));
}

TEST(TuttiBench, RunsUnderALauncher) {
  const Finished run =
      RunProgram({TUTTI_RUN, "-n", "2", "--", TUTTI_BENCH, "all_reduce", "-e", "64", "-n", "3", "--sync", "1"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("[0] # wrong elements: 0 OK"));
  EXPECT_THAT(run.out, testing::Not(HasSubstr("[1]")));
}

// What pays is measured first; the line says for which sizes, and what it would take without.
TEST(TuttiBench, LetsTuttiChooseACodec) {
  const Finished run = RunProgram(Bench(
      {"all_reduce", "--ranks", "2", "-b", "64K", "-e", "64K", "-n", "2", "--codec", "none", "--codec", "auto:0"}));
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("# codec none\n"));
  EXPECT_THAT(run.out,
              testing::ContainsRegex("# codec auto:0: 32768 bytes: .*lossless .* ms\\); .*2097152 bytes and more"));
  const Finished wrong = RunProgram(Bench({"all_reduce", "--ranks", "2", "-e", "64", "--codec", "auto:2"}));
  EXPECT_EQ(wrong.status, 1);
  EXPECT_THAT(wrong.err, HasSubstr("write auto:E, where E is from 0 to 1"));
}

TEST(TuttiBench, WritesEverythingAsJson) {
  const ScratchDirectory scratch;
  const std::string file = scratch.path() + "/result.json";
  const Finished run = RunProgram(Bench({"reduce", "--ranks", "2", "-b", "8", "-e", "16", "-n", "5", "--json", file}));
  ASSERT_EQ(run.status, 0) << run.err;
  std::ifstream stream(file);
  const nlohmann::json json = nlohmann::json::parse(stream);
  EXPECT_EQ(json["ranks"], 2);
  EXPECT_EQ(json["options"]["iterations"], 5);
  EXPECT_EQ(json["options"]["environment"].count("TUTTI_SECRET"), 0u);
  ASSERT_EQ(json["results"].size(), 2u);
  const auto& measurement = json["results"][1]["in_place"];
  EXPECT_EQ(json["results"][1]["size_bytes"], 16);
  EXPECT_EQ(measurement["wrong"], 0);
  EXPECT_EQ(measurement["iteration_ns"]["samples"], 5);
  EXPECT_GT(measurement["iteration_ns"]["percentiles"]["50"], 0);
  EXPECT_LE(measurement["iteration_ns"]["percentiles"]["50"], measurement["iteration_ns"]["percentiles"]["100"]);
}

TEST(TuttiBench, JitterShowsTheTailAndTheLateRank) {
  // One rank, another one each time, is late by 3 ms; then all at most by 1 us, beside threads that compute.
  double p50_us = 0, wait_percent = 0;
  std::string last_out;
  // A busy machine may take the cores away for longer than all the lateness that is planted; not each time.
  for (int attempt = 0; attempt < 3 && wait_percent < 50; ++attempt) {
    const Finished one = RunProgram(
        Bench({"all_reduce", "--ranks", "3", "-b", "4K", "-e", "4K", "--jitter", "-n", "60", "--skew", "one:3ms"}));
    EXPECT_EQ(one.status, 0) << one.err;
    EXPECT_THAT(one.out, HasSubstr("p99.99"));
    EXPECT_THAT(one.out, HasSubstr("# wrong elements: 0 OK"));
    const size_t line = one.out.find("\n      4096");
    ASSERT_NE(line, std::string::npos) << one.out;
    EXPECT_EQ(std::sscanf(one.out.c_str() + line, "%*s %*s %lf %*s %*s %*s %*s %*s %lf", &p50_us, &wait_percent), 2);
    last_out = one.out;
  }
  EXPECT_GE(p50_us, 2500) << last_out;  // the slowest rank's time: it waits for the late one
  EXPECT_GE(wait_percent, 50) << last_out;
  const Finished loaded = RunProgram(Bench({"all_reduce", "--ranks", "2", "-b", "8", "-e", "8", "--jitter", "-n", "50",
                                            "--skew", "uniform:1us", "--load", "1"}));
  EXPECT_EQ(loaded.status, 0) << loaded.err;
}

TEST(TuttiBench, AFailedRankGivesItsStatusAndASentence) {
  const Finished algorithm = RunProgram(Bench({"all_reduce", "--ranks", "2", "-e", "8", "-a", "no_such"}));
  EXPECT_EQ(algorithm.status, 1);
  EXPECT_THAT(algorithm.err, HasSubstr("no_such"));
  EXPECT_THAT(algorithm.err, HasSubstr("ring"));
  const Finished root = RunProgram(Bench({"broadcast", "--ranks", "2", "-e", "8", "-r", "2"}));
  EXPECT_EQ(root.status, 1);
  EXPECT_THAT(root.err, HasSubstr("--root 2 is not a rank; there are 2"));
}

TEST(TuttiBench, AWrongCommandLineGives2AndASentence) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"all_reduce"},  // no launcher and no --ranks
      {"no_such_collective", "--ranks", "2"},
      {"all_reduce", "--ranks", "0"},
      {"all_reduce", "--ranks", "2", "-b", "8X"},
      {"all_reduce", "--ranks", "2", "-b", "16", "-e", "8"},
      {"all_reduce", "--ranks", "2", "-f", "1"},
      {"all_reduce", "--ranks", "2", "-n", "0"},
      {"all_reduce", "--ranks", "2", "-w", "-1"},
      {"all_reduce", "--ranks", "2", "-c", "-1"},
      {"all_reduce", "--ranks", "2", "-d", "float33"},
      {"all_reduce", "--ranks", "2", "-o", "xor"},
      {"all_reduce", "--ranks", "2", "-s", "2"},
      {"all_reduce", "--ranks", "2", "--layout", "round"},
      {"all_reduce", "--ranks", "2", "--skew", "one:1ms"},  // without --jitter
      {"all_reduce", "--ranks", "2", "--jitter", "--skew", "always"},
      {"all_reduce", "--ranks", "2", "--jitter", "--load", "-1"},
      {"send_recv", "--ranks", "2", "-a", "ring"},
      {"all_reduce", "--ranks", "2", "--no-such-option"},
  };
  for (const auto& words : wrong) {
    const Finished run = RunProgram(Bench(words));
    EXPECT_EQ(run.status, 2) << testing::PrintToString(words);
    EXPECT_THAT(run.err, testing::StartsWith("tutti-bench: "));
  }
  EXPECT_EQ(RunProgram(Bench({"all_reduce", "--ranks", "2"}), {"TUTTI_RANK=0"}).status, 2);
}

}  // namespace
}  // namespace tutti
