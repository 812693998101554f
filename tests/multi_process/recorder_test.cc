// SPDX-License-Identifier: Apache-2.0
// Flight records of real jobs, as tutti-info shows them: of a rank that is stopped, of one that was killed, and that nothing is
// left behind by those who leave in good order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run_program.h"
#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::vector<std::string> Records(const Job& job) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(job.folder())) {
    if (entry.path().filename().string().find(".flight") != std::string::npos) names.push_back(entry.path().string());
  }
  return names;
}

std::string Info(const Job& job, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {TUTTI_INFO, "--live", "--once"});
  const Finished run = RunProgram(arguments, {"TUTTI_RECORDER=" + job.folder()});
  EXPECT_EQ(run.status, 0) << run.err;
  return run.out;
}

// The one job of the folder.
json Live(const Job& job, std::vector<std::string> arguments = {}) {
  arguments.push_back("--json");
  const json live = json::parse(Info(job, std::move(arguments)))["live"];
  EXPECT_TRUE(live["problems"].empty()) << live["problems"];
  return live["jobs"].size() == 1 ? live["jobs"][0] : json::object();
}

// Until tutti-info shows that all others wait for that rank; for at most ten seconds.
json AwaitHoldBy(const Job& job, int culprit) {
  const int64_t end_ns = MonotonicNs() + 10'000 * kMs * kSlowdown;
  json shown;
  while (MonotonicNs() < end_ns) {
    shown = Live(job);
    if (shown.contains("holds") && shown["holds"].size() == 1) {
      const json& culprits = shown["holds"][0]["culprits"];
      const bool all_wait = culprits.size() == 1 && culprits[0]["waiting"] == job.num_ranks() - 1;
      if (all_wait && culprits[0]["rank"] == culprit) return shown;
    }
    SleepMs(50);
  }
  ADD_FAILURE() << "tutti-info does not name rank " << culprit << ": " << shown.dump(1);
  return shown;
}

class Recorder : public testing::TestWithParam<std::string> {};

TEST_P(Recorder, AStoppedRankOfEightIsSeenByTuttiInfoAndByAllOthersAndAKilledOneStillTellsItsLastStep) {
  constexpr int kVictim = 5;
  Job job("ReduceWithDeadline", 8, {.arguments = {GetParam(), std::to_string(4000 * kSlowdown)}});
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  const int64_t stopped_ns = job.Signal(kVictim, SIGSTOP);

  const json shown = AwaitHoldBy(job, kVictim);
  ASSERT_EQ(shown["ranks"].size(), 8u);
  EXPECT_EQ(shown["size"], 8);
  for (const json& rank : shown["ranks"]) {
    EXPECT_EQ(rank["state"], rank["rank"] == kVictim ? "stopped" : "alive");
    if (rank["rank"] == kVictim) continue;
    ASSERT_FALSE(rank["in"].is_null()) << rank;
    EXPECT_THAT(rank["in"]["call"].get<std::string>(), HasSubstr("all_reduce(float32 x " + GetParam() + ", max"));
    EXPECT_EQ(rank["in"]["bytes"], std::stoul(GetParam()) * sizeof(float));
    EXPECT_LT(rank["in"]["steps_done"], rank["in"]["steps"]);
    EXPECT_GT(rank["in"]["started_ns_ago"], 0);
    ASSERT_FALSE(rank["in"]["waits_for"].is_null()) << rank;
    EXPECT_FALSE(rank["last_completed"].is_null());
    EXPECT_EQ(rank["communicators"][0]["called"], rank["communicators"][0]["completed"].get<int>() + 1);
  }
  EXPECT_THAT(Info(job, {}), testing::ContainsRegex("[Ww]aited for: rank 5 \\(stopped"));

  ASSERT_TRUE(job.WaitUntilEnded({kVictim}));
  ExpectAllReport(job, {kVictim}, "TUTTI_ERR_TIMEOUT", stopped_ns, (4000 + 1500) * kMs,
                  "No answer from[^.:]*" + RankName(kVictim));
  ExpectAllReport(job, {kVictim}, "TUTTI_ERR_TIMEOUT", stopped_ns, (4000 + 1500) * kMs,
                  "The flight record of rank 5 says: the process is stopped; .*Last completed: operation [0-9]+, "
                  "all_reduce\\(float32 x [0-9]+, max, [a-z_]+\\), by rank 5");
  ASSERT_EQ(Records(job).size(), 1u) << "all others have left in good order";
  job.Signal(kVictim, SIGKILL);
  ASSERT_TRUE(job.WaitUntilEnded());
  const json dead = Live(job, {"--last", "3"});
  ASSERT_EQ(dead["ranks"].size(), 1u);
  const json& victim = dead["ranks"][0];
  EXPECT_EQ(victim["rank"], kVictim);
  EXPECT_EQ(victim["state"], "dead");
  EXPECT_FALSE(victim["last_completed"].is_null());
  ASSERT_EQ(victim["operations"].size(), 3u);
  EXPECT_GE(victim["operations"][2]["sequence"], 5);

  EXPECT_THAT(Info(job, {"--clean"}), HasSubstr("removed 1 record"));
  EXPECT_TRUE(Records(job).empty());
}

INSTANTIATE_TEST_SUITE_P(, Recorder, testing::Values("2", "300000"),
                         [](const auto& test) { return test.param + "_elements"; });

// Killed in the middle of an operation that waits for somebody who never calls.
RANK_PROGRAM(OneNeverComes) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  Say("ready", 1);
  if (context.rank == 1) {
    while (tutti_comm_status(comm) == TUTTI_OK) SleepMs(1);
  } else {
    std::vector<float> values(10, 1.0f);
    tutti_all_reduce(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr);
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(RecorderOfTheDead, TellsWhatItWaitedForAndWhoNeverCame) {
  Job job("OneNeverComes", 3);
  ASSERT_TRUE(job.WaitUntilAllSaid("ready"));
  const json shown = AwaitHoldBy(job, 1);
  EXPECT_EQ(shown["holds"][0]["missing"], json({1}));
  EXPECT_EQ(shown["holds"][0]["in_it"], json({0, 2}));
  EXPECT_EQ(shown["holds"][0]["sequence"], 1);
  EXPECT_TRUE(shown["ranks"][1]["in"].is_null());
  EXPECT_EQ(shown["ranks"][1]["last_completed"]["sequence"], 0);
  job.Signal(2, SIGKILL);
  ASSERT_TRUE(job.WaitUntilEnded());
  const json dead = Live(job)["ranks"][0];
  EXPECT_EQ(dead["rank"], 2);
  EXPECT_EQ(dead["state"], "dead");
  ASSERT_FALSE(dead["in"].is_null());
  EXPECT_EQ(dead["in"]["sequence"], 1);
  EXPECT_EQ(dead["in"]["waits_for"]["rank"], 1);
  EXPECT_THAT(Info(job, {}), testing::ContainsRegex("dead +#1 all_reduce"));
}

// Rank 0 calls without waiting, and computes; rank 1 does not call for now.
RANK_PROGRAM(StartsAndComputes) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  float value = 1;
  tutti_request_t request = NULL;
  const auto start = [&] {
    REQUIRE_OK(tutti_all_reduce(comm, &value, &value, 1, TUTTI_FLOAT32, TUTTI_SUM, nullptr, &request));
  };
  if (context.rank == 0) start();
  Say("ready", 1);
  while (!std::filesystem::exists(context.folder + "/seen")) SleepMs(1);
  if (context.rank == 1) start();
  REQUIRE_OK(tutti_request_wait(&request));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(RecorderOfTheBusy, ShowsThatTheProgramDoesNotLookAfterWhatItStarted) {
  Job job("StartsAndComputes", 2);
  ASSERT_TRUE(job.WaitUntilAllSaid("ready"));
  SleepMs(1200);
  const json shown = Live(job);
  ASSERT_EQ(shown["ranks"].size(), 2u);
  EXPECT_EQ(shown["ranks"][0]["in"]["sequence"], 1);
  EXPECT_TRUE(shown["ranks"][1]["in"].is_null());
  EXPECT_THAT(Info(job, {}), testing::ContainsRegex("the program has not looked after it for [0-9.]+ s"));
  std::filesystem::create_directory(job.folder() + "/seen");
  ASSERT_TRUE(job.AllSucceed());
}

RANK_PROGRAM(JoinsAndLeaves) {
  const tutti_comm_t comm = Join();
  for (int i = 0; i < 300; ++i) Synchronise(comm);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(RecorderOfTheOrderly, LeavesNothingBehind) {
  Job job("JoinsAndLeaves", 4);
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_TRUE(Records(job).empty());
  EXPECT_THAT(Info(job, {}), HasSubstr("no ranks are seen"));
}

TEST(RecorderThatIsOff, IsNotWritten) {
  Job job("OneNeverComes", 2, {.environment = {{"TUTTI_RECORDER", "off"}}});
  ASSERT_TRUE(job.WaitUntilAllSaid("ready"));
  EXPECT_TRUE(Records(job).empty());
  job.Signal(1, SIGKILL);
  ASSERT_TRUE(job.AllSucceed({1}));
}

TEST(RecorderWithoutAPlace, IsAWarningAndNoFailure) {
  Job job("JoinsAndLeaves", 2, {.environment = {{"TUTTI_RECORDER", "/proc/no-such-folder"}}});
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Output(0), HasSubstr("no flight record is kept"));
  EXPECT_THAT(job.Output(0), HasSubstr("/proc/no-such-folder"));
}

}  // namespace
}  // namespace tutti::multi_process
