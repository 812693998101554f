// SPDX-License-Identifier: Apache-2.0
// Jobs of two ranks on two hosts, over RDMA. Both hosts run this program at the same time, each with its own rank:
// $SOFTROCE_GUEST says which one this is.
#include <signal.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "run_program.h"
#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"
#include "tests/softroce/guest.h"
#include "tests/softroce/netem.h"

namespace tutti::multi_process {
namespace {

using testing::HasSubstr;

// Rank 0 listens there; another port for each test, as the last one's may not be free yet.
std::string Rendezvous() {
  return "tcp://10.77.0.1:" + std::to_string(20000 + testing::UnitTest::GetInstance()->current_test_info()->line());
}

std::map<std::string, std::string> Environment(const std::string& transport) {
  return {{"TUTTI_LOCAL_RANK", "0"},          {"TUTTI_LOCAL_SIZE", "1"},   {"TUTTI_RENDEZVOUS", Rendezvous()},
          {"TUTTI_SECRET", "of these tests"}, {"TUTTI_INTERFACE", "eth0"}, {"TUTTI_TRANSPORT", transport},
          {"TUTTI_VERBS_RAILS", "1"},         {"TUTTI_LOG", "debug"},      {"TUTTI_VERBS_ACK_TIMEOUT", "16"}};
}

// This host's part of a job of two ranks.
JobOptions OnTwoHosts(std::vector<std::string> arguments, const std::string& transport = "verbs") {
  return {.arguments = std::move(arguments), .environment = Environment(transport), .absent = {1 - Here()}};
}

class Collective : public testing::TestWithParam<const char*> {};

TEST_P(Collective, GivesWhatAnElementWiseReferenceGives) {
  Job job("RunCollective", 2, OnTwoHosts({GetParam()}));
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(TwoHostsJob, Collective,
                         testing::Values("all_reduce", "broadcast", "reduce", "all_gather", "reduce_scatter",
                                         "all_to_all", "gather", "scatter"),
                         [](const auto& test) { return std::string(test.param); });

// Arguments: rounds, elements. Every round is checked.
RANK_PROGRAM(ReduceAndCheck) {
  const tutti_comm_t comm = Join();
  const size_t count = std::stoul(context.arguments[1]);
  std::vector<int64_t> values(count);
  for (uint64_t round = 0; round < std::stoul(context.arguments[0]); ++round) {
    const Data data{TUTTI_INT64, TUTTI_SUM, context.size, round};
    FillContribution(data, context.rank, 0, count, values.data());
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), values.data(), count, TUTTI_INT64, TUTTI_SUM, nullptr, nullptr));
    const std::string wrong = CheckReduction(data, 0, count, values.data());
    Require(wrong.empty(), "round " + std::to_string(round) + ": " + wrong);
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(TwoHostsJob, TakesRdmaWithoutBeingAsked) {
  Job job("ReduceAndCheck", 2, OnTwoHosts({"3", "1000"}, ""));
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Output(Here()), HasSubstr("RDMA by rxe0:1: RoCE, MTU 4096"));
  EXPECT_THAT(job.Output(Here()), HasSubstr("is reached by verbs"));
}

TEST(TwoHostsJob, TakesTcpAtBothEndsIfOneHasNoDevice) {
  JobOptions options = OnTwoHosts({"3", "1000"}, "");
  if (Here() == 1) options.environment["TUTTI_VERBS_DEVICES"] = "no_such_device";
  Job job("ReduceAndCheck", 2, options);
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Output(Here()), HasSubstr("is reached by tcp"));
}

struct Weather {
  const char* name;
  const char* netem;
  const char* rounds;
  const char* count;
};

class BadNetwork : public testing::TestWithParam<Weather> {};

TEST_P(BadNetwork, ChangesNoResult) {
  const Netem netem(GetParam().netem);
  JobOptions options = OnTwoHosts({GetParam().rounds, GetParam().count});
  // An emulated host may stand still for a second or two, and losses come on top.
  options.environment["TUTTI_VERBS_ACK_TIMEOUT"] = "17";
  Job job("ReduceAndCheck", 2, options);
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(TwoHostsJob, BadNetwork,
                         testing::Values(Weather{"OnePercentLostShort", "loss 1%", "100", "10"},
                                         Weather{"OnePercentLostLong", "loss 1%", "8", "50000"},
                                         Weather{"FivePercentLostShort", "loss 5%", "30", "10"},
                                         Weather{"FivePercentLostLong", "loss 5%", "2", "50000"},
                                         Weather{"TenMillisecondsOfJitter", "delay 10ms 10ms", "10", "2000"}),
                         [](const auto& test) { return std::string(test.param.name); });

// Argument: elements. Says @running once the loop is under way, and at the end how long after its last success it failed:
// the death lies between the two.
RANK_PROGRAM(ReduceUntilTheOtherHostFails) {
  const tutti_comm_t comm = Join();
  std::vector<float> values(std::stoul(context.arguments[0]), 1.0f);
  tutti_status_t status = TUTTI_OK;
  int64_t succeeded_ns = MonotonicNs();
  for (int i = 0; status == TUTTI_OK; ++i) {
    status =
        tutti_all_reduce(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, TUTTI_MAX, nullptr, nullptr);
    if (status == TUTTI_OK) succeeded_ns = MonotonicNs();
    if (i == 5) Say("running", 1);
  }
  const int64_t failed_ns = MonotonicNs();
  SayFailure(comm, status);
  Say("failed_after_ns", failed_ns - succeeded_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class KilledOnTheOtherHost : public testing::TestWithParam<const char*> {};

TEST_P(KilledOnTheOtherHost, IsNamedWithinASecond) {
  Job job("ReduceUntilTheOtherHostFails", 2, OnTwoHosts({GetParam()}));
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  if (Here() == 1) {
    SleepMs(100);
    job.Signal(1, SIGKILL);
    EXPECT_TRUE(job.WaitUntilEnded());
    return;
  }
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_EQ(job.Said(0, "status"), "TUTTI_ERR_PEER_FAILED");
  EXPECT_THAT(job.Said(0, "sentence"), testing::ContainsRegex("rank 1 \\(host tutti-guest1, pid [0-9]+\\) died"));
  EXPECT_LT(job.SaidNumber(0, "failed_after_ns"), 1000 * kMs) << job.Said(0, "sentence");
}

INSTANTIATE_TEST_SUITE_P(TwoHostsJob, KilledOnTheOtherHost, testing::Values("1", "250000"),
                         [](const auto& test) { return "At" + std::string(test.param) + "Elements"; });

// Nobody died, but nothing comes through any more. Each host can only speak for itself.
TEST(TwoHostsJob, ACutWireIsToldWithTheDeviceAndTheLikelyCause) {
  // Devices may take four times as long, and a queue pair that came through just before both ends were cut as long again: all of that
  // before the control connection is given up, which happens after 10 s.
  JobOptions options = OnTwoHosts({"1"});
  options.environment["TUTTI_VERBS_ACK_TIMEOUT"] = "14";
  Job job("ReduceUntilTheOtherHostFails", 2, options);
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  const Netem netem("loss 100%");
  ASSERT_TRUE(job.AllSucceed());
  SleepMs(4000);  // the other host must not hear from this one before it has found out by itself
  const std::string sentence = job.Said(Here(), "sentence");
  EXPECT_EQ(job.Said(Here(), "status"), "TUTTI_ERR_PEER_FAILED") << sentence;
  EXPECT_THAT(sentence, HasSubstr("rank " + std::to_string(1 - Here())));
  EXPECT_THAT(sentence, HasSubstr("on rxe0:1 (queue pair"));
  EXPECT_THAT(sentence, HasSubstr("nothing was acknowledged for about 0.5 s"));
  EXPECT_LT(job.SaidNumber(Here(), "failed_after_ns"), 10'000 * kMs);
}

RANK_PROGRAM(ReduceDifferentCounts) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  std::vector<float> values(100000, 1.0f);
  const size_t count = static_cast<size_t>(std::stoi(context.arguments[static_cast<size_t>(context.rank)]));
  const int64_t called_ns = MonotonicNs();
  tutti_status_t status =
      tutti_all_reduce(comm, values.data(), values.data(), count, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr);
  while (status == TUTTI_OK && MonotonicNs() < called_ns + 5000 * kMs) status = tutti_barrier(comm, nullptr, nullptr);
  SayFailure(comm, status);
  Say("called_ns", called_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class DifferentCounts : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(DifferentCounts, AreToldToBothHosts) {
  Job job("ReduceDifferentCounts", 2, OnTwoHosts(GetParam()));
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_EQ(job.Said(Here(), "status"), "TUTTI_ERR_MISMATCH");
  for (const std::string& count : GetParam()) {
    EXPECT_THAT(job.Said(Here(), "sentence"), HasSubstr("all_reduce(float32 x " + count + ","));
  }
  // The two calls need not have come at the same moment.
  EXPECT_LT(job.SaidNumber(Here(), "failed_at_ns") - job.SaidNumber(Here(), "called_ns"), 2000 * kMs);
}

INSTANTIATE_TEST_SUITE_P(TwoHostsJob, DifferentCounts,
                         testing::Values(std::vector<std::string>{"999", "1000"},
                                         std::vector<std::string>{"100000", "5"}),
                         [](const auto& test) { return test.param[0] + "And" + test.param[1]; });

TEST(TwoHostsJob, TrainsToTheSameBits) {
  std::vector<std::string> environment = {"TUTTI_RANK=" + std::to_string(Here()), "TUTTI_SIZE=2", "TUTTI_TIMEOUT=20s"};
  for (const auto& [name, value] : Environment("verbs")) environment.push_back(name + "=" + value);
  const Finished run = RunProgram({TUTTI_TRAIN_DIGITS}, environment);
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_THAT(run.out, Here() == 0 ? HasSubstr("the same on all ranks") : HasSubstr(""));
}

}  // namespace
}  // namespace tutti::multi_process
