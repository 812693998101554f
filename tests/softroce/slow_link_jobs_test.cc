// SPDX-License-Identifier: Apache-2.0
// What operations between two hosts say of their time when the network is slow, and when a rank is late: each must be told as
// what it is. Both hosts run this program at the same time, each with its own rank: $SOFTROCE_GUEST says which one this is.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/softroce/guest.h"
#include "tests/softroce/netem.h"

namespace tutti::multi_process {
namespace {

constexpr int kRounds = 9;
constexpr int kDelayMs = 150;
constexpr int64_t kDelayNs = kDelayMs * kMs;

// The middle of what the rounds saw: an emulated host stands still now and then.
struct Medians {
  std::array<std::vector<int64_t>, 4> seen;

  void Note(const tutti_timing_t& timing) {
    const int64_t all[] = {timing.total_ns, timing.waited_ns, timing.moved_ns, timing.slowest_ns};
    for (size_t i = 0; i < seen.size(); ++i) seen[i].push_back(all[i]);
  }
  void SayThem(const std::string& phase) {
    const char* const names[] = {"total_ns", "waited_ns", "moved_ns", "slowest_ns"};
    for (size_t i = 0; i < seen.size(); ++i) {
      std::nth_element(seen[i].begin(), seen[i].begin() + kRounds / 2, seen[i].end());
      Say(phase + "_" + names[i], seen[i][kRounds / 2]);
    }
  }
};

// Rounds of: nearly together, `before` is done, all reduce. Says what they were told, how often rank 1 was said to be late, and
// how often the link to the other rank to be slow.
template <typename Before>
void Play(tutti_comm_t comm, const std::string& phase, int other, Before before) {
  std::vector<float> values(1000, 1.0f);
  Medians medians;
  int64_t times_late = 0, times_slow = 0;
  for (int round = 0; round < kRounds; ++round) {
    Synchronise(comm);
    before();
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, TUTTI_MAX, nullptr,
                                nullptr));
    tutti_timing_t timing = TUTTI_TIMING_INIT;
    REQUIRE_OK(tutti_last_timing(&timing));
    medians.Note(timing);
    times_late += timing.last_rank == 1 && timing.last_by_ns > kDelayNs / 2;
    times_slow += timing.slowest_peer == other && timing.slowest_ns > kDelayNs / 2;
  }
  medians.SayThem(phase);
  Say(phase + "_times_late", times_late);
  Say(phase + "_times_slow", times_slow);
}

// On a slow network, the rank that came last to an operation leaves it first, by as much, since the other's message was on its way
// already; so they take turns for ever at coming late. Here that rank lets as much time pass.
void ComeTogether(int rank) {
  tutti_timing_t timing = TUTTI_TIMING_INIT;
  REQUIRE_OK(tutti_last_timing(&timing));
  if (timing.last_rank == rank) SleepMs(static_cast<int>(timing.last_by_ns / kMs));
}

RANK_PROGRAM(SlowLinkThenLateRank) {
  const tutti_comm_t comm = Join();
  // The hosts compare their clocks in the messages that pass while the network is good.
  for (int i = 0; i < 100; ++i) Synchronise(comm);
  {
    // In both directions: with one, the other rank would leave each operation late, and come to the next one late indeed.
    const Netem netem("delay " + std::to_string(kDelayMs) + "ms");
    Play(comm, "slow", 1 - context.rank, [&] { ComeTogether(context.rank); });
  }
  for (int i = 0; i < 20; ++i) Synchronise(comm);
  Play(comm, "late", 1 - context.rank, [&] { SleepMs(context.rank == 1 ? kDelayMs : 0); });
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class SlowLinkJob : public testing::TestWithParam<const char*> {};

TEST_P(SlowLinkJob, IsNotTakenForALateRankNorTheReverse) {
  // Another port for each transport, as the last one's may not be free yet.
  const std::string port = std::string(GetParam()) == "tcp" ? "26001" : "26002";
  Job job("SlowLinkThenLateRank", 2,
          {.environment = {{"TUTTI_LOCAL_RANK", "0"},
                           {"TUTTI_LOCAL_SIZE", "1"},
                           {"TUTTI_RENDEZVOUS", "tcp://10.77.0.1:" + port},
                           {"TUTTI_SECRET", "of these tests"},
                           {"TUTTI_INTERFACE", "eth0"},
                           {"TUTTI_TRANSPORT", GetParam()},
                           {"TUTTI_VERBS_RAILS", "1"},
                           {"TUTTI_VERBS_ACK_TIMEOUT", "17"}},
           .absent = {1 - Here()}});
  ASSERT_TRUE(job.AllSucceed());
  const auto said = [&](const char* name) { return job.SaidNumber(Here(), name); };

  // The slow link: nobody came late, the time went into moving, and the message from the other host was what took it.
  EXPECT_GE(said("slow_total_ns"), kDelayNs * 9 / 10);
  EXPECT_GE(said("slow_moved_ns"), said("slow_total_ns") * 7 / 10);
  EXPECT_GE(said("slow_slowest_ns"), kDelayNs * 9 / 10);
  EXPECT_GE(said("slow_times_slow"), kRounds - 2);
  EXPECT_LE(said("slow_times_late"), 2);

  // The late rank: all see that it was rank 1, by that much; rank 0 waited for it.
  EXPECT_GE(said("late_times_late"), kRounds - 2);
  EXPECT_LE(said("late_times_slow"), 2);
  if (Here() == 0) {
    EXPECT_GE(said("late_waited_ns"), kDelayNs * 9 / 10);
    EXPECT_LE(said("late_moved_ns"), said("late_total_ns") / 4);
  }
}

INSTANTIATE_TEST_SUITE_P(, SlowLinkJob, testing::Values("verbs", "tcp"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace tutti::multi_process
