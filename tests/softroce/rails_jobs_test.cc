// SPDX-License-Identifier: Apache-2.0
// Jobs of two ranks on two hosts that have two networks between them: both carry messages, and when one is lost the other
// one carries them all. Both hosts run this program at the same time, each with its own rank: $SOFTROCE_GUEST says which
// one this is. The job itself (TCP) lives on the network of eth0; eth1 is the one that is lost.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"
#include "tests/softroce/guest.h"
#include "tests/softroce/netem.h"

namespace tutti::multi_process {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// Rank 0 listens there; another port for each test, as the last one's may not be free yet.
std::string RendezvousOfRails() {
  return "tcp://10.77.0.1:" + std::to_string(24000 + testing::UnitTest::GetInstance()->current_test_info()->line());
}

// This host's part of a job of two ranks.
JobOptions OverTwoRails(std::vector<std::string> arguments, std::map<std::string, std::string> more = {}) {
  std::map<std::string, std::string> environment = {
      {"TUTTI_LOCAL_RANK", "0"},          {"TUTTI_LOCAL_SIZE", "1"},        {"TUTTI_RENDEZVOUS", RendezvousOfRails()},
      {"TUTTI_SECRET", "of these tests"}, {"TUTTI_INTERFACE", "eth0"},      {"TUTTI_LOG", "debug"},
      {"TUTTI_TRANSPORT", "verbs,tcp"},   {"TUTTI_VERBS_ACK_TIMEOUT", "16"}};
  for (auto& [name, value] : more) environment[name] = value;
  return {.arguments = std::move(arguments), .environment = std::move(environment), .absent = {1 - Here()}};
}

uint64_t PacketsSent(const std::string& interface) {
  uint64_t packets = 0;
  std::ifstream("/sys/class/net/" + interface + "/statistics/tx_packets") >> packets;
  return packets;
}

// A file that tells this host's rank to go round no more.
std::string StopFile() {
  return "/tmp/stop_" + std::to_string(testing::UnitTest::GetInstance()->current_test_info()->line()) + "_" +
         std::to_string(::getpid());
}

// Arguments: rounds, elements, and a file: until it is there, it goes on. "": does not wait for one. Every result is
// checked. Says @running once the loop is under way.
RANK_PROGRAM(ReduceAndCheckUntilTold) {
  const tutti_comm_t comm = Join();
  const uint64_t rounds = std::stoul(context.arguments[0]);
  const size_t count = std::stoul(context.arguments[1]);
  const std::string& file = context.arguments[2];
  std::vector<int64_t> values(count);
  const auto size = static_cast<uint64_t>(context.size);
  // All ranks must go round equally often: the sum of those that want to stop says when.
  for (uint64_t round = 0, stopped = 0; stopped < size; ++round) {
    const Data data{TUTTI_INT64, TUTTI_SUM, context.size, round};
    FillContribution(data, context.rank, 0, count, values.data());
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), values.data(), count, TUTTI_INT64, TUTTI_SUM, nullptr, nullptr));
    const std::string wrong = CheckReduction(data, 0, count, values.data());
    Require(wrong.empty(), "round " + std::to_string(round) + ": " + wrong);
    const bool is_told = file.empty() || ::access(file.c_str(), F_OK) == 0;
    const uint64_t stops = round + 1 >= rounds && is_told ? 1 : 0;
    REQUIRE_OK(tutti_all_reduce(comm, &stops, &stopped, 1, TUTTI_UINT64, TUTTI_SUM, nullptr, nullptr));
    if (round == 2) Say("running", 1);
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// What this host's rank says from `words` on; waits for it for at most a minute.
std::string WaitForWords(const Job& job, const std::string& words) {
  for (const int64_t end_ns = MonotonicNs() + 60'000 * kMs; MonotonicNs() < end_ns; SleepMs(100)) {
    const std::string output = job.Output(Here());
    const size_t at = output.find(words);
    const size_t end = at == std::string::npos ? at : output.find('\n', at);
    if (end != std::string::npos) return output.substr(at, end - at);
  }
  return "";
}

// Until this host's rank says how long it took; then the job may end.
std::string WaitForFailover(const Job& job, const std::string& stop_file) {
  const std::string line = WaitForWords(job, "an RDMA rail to rank");
  SleepMs(1000);  // some more rounds without the rail
  std::ofstream(stop_file) << "stop";
  std::cout << line << "\n";
  return line;
}

// What carries TCP need not carry RDMA: here UDP port 4791 gets lost, as in many a firewall.
class Firewall {
 public:
  Firewall() {
    for (const char* command :
         {"tc qdisc add dev eth0 root handle 1: prio", "tc qdisc add dev eth0 parent 1:3 netem loss 100%",
          "tc filter add dev eth0 parent 1: protocol ip prio 1 u32 match ip protocol 17 0xff match ip "
          "dport 4791 0xffff flowid 1:3"}) {
      EXPECT_EQ(std::system(command), 0) << command;
    }
  }
  ~Firewall() { (void)!std::system("tc qdisc del dev eth0 root"); }
};

// Leaves eth1 up.
struct LinkUp {
  ~LinkUp() { (void)!std::system("ip link set eth1 up"); }
};

// Int64 elements: small messages alone, one large one at a time, many.
class RailDown : public testing::TestWithParam<const char*> {};
class RailMute : public testing::TestWithParam<const char*> {};

TEST(RailsJob, LargeMessagesGoOverBoth) {
  const uint64_t before[] = {PacketsSent("eth0"), PacketsSent("eth1")};
  Job job("ReduceAndCheckUntilTold", 2, OverTwoRails({"3", "1000000", ""}));
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Output(Here()), HasSubstr("is reached by verbs"));
  EXPECT_THAT(job.Output(Here()), Not(HasSubstr("is lost")));
  const uint64_t sent[] = {PacketsSent("eth0") - before[0], PacketsSent("eth1") - before[1]};
  // 24 MB in packets of 4 KiB; neither carries less than a tenth of them.
  EXPECT_GT(sent[0], 600u);
  EXPECT_GT(sent[1], 600u);
}

TEST_P(RailDown, ALinkThatGoesDownInTheMiddleIsSurvived) {
  const LinkUp at_the_end;
  Job job("ReduceAndCheckUntilTold", 2, OverTwoRails({"6", GetParam(), StopFile()}));
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  if (Here() == 1) {
    ASSERT_EQ(std::system("ip link set eth1 down"), 0);
  }
  EXPECT_THAT(WaitForFailover(job, StopFile()),
              ContainsRegex(" is lost: .*; after [0-9]+ ms its messages go on over rxe0:1"));
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(RailsJob, RailDown, testing::Values("50000", "500000"),
                         [](const auto& test) { return "At" + std::string(test.param) + "Elements"; });

// Then large messages go over both again.
TEST(RailsJob, ALinkThatComesBackIsUsedAgain) {
  const LinkUp at_the_end;
  Job job("ReduceAndCheckUntilTold", 2, OverTwoRails({"6", "500000", StopFile()}));
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  if (Here() == 1) {
    ASSERT_EQ(std::system("ip link set eth1 down"), 0);
  }
  EXPECT_THAT(WaitForWords(job, "an RDMA rail to rank"), HasSubstr(" is lost: "));
  SleepMs(500);
  if (Here() == 1) {
    ASSERT_EQ(std::system("ip link set eth1 up"), 0);
  }
  EXPECT_THAT(WaitForWords(job, "an RDMA rail to rank " + std::to_string(1 - Here()) + " is back"),
              HasSubstr("is back: rxe1"));
  const uint64_t before = PacketsSent("eth1");
  SleepMs(2000);
  EXPECT_GT(PacketsSent("eth1") - before, 100u);
  std::ofstream(StopFile()) << "stop";
  EXPECT_TRUE(job.AllSucceed());
}

// Nobody is told: packets get lost, until the device gives up. It is the rail that small messages go over.
TEST_P(RailMute, AWireThatIsCutInTheMiddleIsSurvived) {
  Job job("ReduceAndCheckUntilTold", 2, OverTwoRails({"6", GetParam(), StopFile()}));
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  const Firewall firewall;
  EXPECT_THAT(WaitForFailover(job, StopFile()),
              ContainsRegex(" is lost: .*; after [0-9]+ ms its messages go on over rxe1:1"));
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(RailsJob, RailMute, testing::Values("10", "500000"),
                         [](const auto& test) { return "At" + std::string(test.param) + "Elements"; });

TEST(RailsJob, ANetworkThatLosesRdmaCarriesTheJobByTcp) {
  const Firewall firewall;
  Job job("ReduceAndCheckUntilTold", 2, OverTwoRails({"10", "50000", ""}, {{"TUTTI_VERBS_DEVICES", "rxe0"}}));
  ASSERT_TRUE(job.AllSucceed());
  const std::string other = std::to_string(1 - Here());
  EXPECT_THAT(job.Output(Here()), ContainsRegex("RDMA from rxe0:1 .* does not get through to rank " + other));
  EXPECT_THAT(job.Output(Here()), HasSubstr("Check firewalls for UDP port 4791"));
}

TEST(RailsJob, ANetworkThatLosesRdmaIsToldIfTcpIsForbidden) {
  const Firewall firewall;
  Job job("ReduceAndCheckUntilTold", 2,
          OverTwoRails({"10", "1000", ""}, {{"TUTTI_VERBS_DEVICES", "rxe0"}, {"TUTTI_TRANSPORT", "verbs"}}));
  EXPECT_TRUE(job.WaitUntilEnded());
  EXPECT_THAT(job.Output(Here()), HasSubstr("does not get through to rank"));
  EXPECT_THAT(job.Output(Here()), HasSubstr("TUTTI_TRANSPORT does not name tcp"));
}

// The other rail does, so neither is needed.
TEST(RailsJob, OneOfTwoRailsIsEnoughToStart) {
  const Netem netem("loss 100%", "eth1");
  Job job("ReduceAndCheckUntilTold", 2, OverTwoRails({"10", "50000", ""}));
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Output(Here()), HasSubstr("is reached by verbs"));
  EXPECT_THAT(job.Output(Here()), Not(HasSubstr("go by TCP")));
}

}  // namespace
}  // namespace tutti::multi_process
