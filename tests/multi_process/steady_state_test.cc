// SPDX-License-Identifier: Apache-2.0
// A repeated all-reduce over shared memory, by ranks that spin, has no page faults, gives up its core to nobody and makes no
// system call, but that whoever waits for long looks now and then whether somebody came or left. What the kernel does of its
// own accord is not counted: one of several rounds must be clean.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <string>
#include <vector>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/syscall_watch.h"

namespace tutti::multi_process {
namespace {

constexpr int kRounds = 3;
constexpr int kRepetitions = 1000;

struct Usage {
  long faults = 0;
  long yields = 0;
};

Usage UsageSoFar() {
  rusage usage = {};
  Require(getrusage(RUSAGE_THREAD, &usage) == 0, "getrusage");
  return {usage.ru_minflt + usage.ru_majflt, usage.ru_nvcsw};
}

// Argument: elements. Says the least faults and voluntary switches of a round; of 1,000 more how many made a system call, and
// one that was not a look at events.
RANK_PROGRAM(ReduceSteadily) {
  const tutti_comm_t comm = Join();
  const size_t count = std::stoul(context.arguments[0]);
  std::vector<float> values(count, 1.0f), sums(count, 0.0f);
  const auto reduce = [&] {
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), sums.data(), count, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
  };
  for (int i = 0; i < 600; ++i) reduce();  // more than the flight record holds

  long faults = LONG_MAX;
  long yields = LONG_MAX;
  for (int round = 0; round < kRounds; ++round) {
    const Usage before = UsageSoFar();
    for (int i = 0; i < kRepetitions; ++i) reduce();
    const Usage after = UsageSoFar();
    faults = std::min(faults, after.faults - before.faults);
    yields = std::min(yields, after.yields - before.yields);
  }
  Say("faults", faults);
  Say("yields", yields);

  Require(PrepareSyscallWatch(), "system calls can be watched");
  int looked = 0;
  long other = -1;
  for (int i = 0; i < kRepetitions; ++i) {
    WatchSyscalls();
    reduce();
    const long made = StopWatching();
    const bool looks = made == SYS_epoll_wait || made == SYS_epoll_pwait;
    if (looks) ++looked;
    if (made >= 0 && !looks) other = made;
  }
  Say("looked", looked);
  Say("other", other);

  // The watch and the counts see what they look for.
  WatchSyscalls();
  Require(syscall(SYS_getppid) == getppid(), "a watched system call is done");
  Require(StopWatching() == SYS_getppid, "the watch sees a system call");
  const Usage before = UsageSoFar();
  SleepMs(1);
  std::vector<char> fresh(64 << 20, 'x');
  const Usage after = UsageSoFar();
  Require(after.yields > before.yields && after.faults > before.faults, "the counts see faults and sleeps");
  MeetOutside(context, "after counting");
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class SteadyState : public testing::TestWithParam<std::string> {};

TEST_P(SteadyState, HasNoFaultsNoSleepsAndNoSystemCalls) {
  Job job("ReduceSteadily", 2,
          {.arguments = {GetParam()}, .environment = {{"TUTTI_TRANSPORT", "shm"}, {"TUTTI_WAIT", "spin"}}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(job.SaidNumber(rank, "faults"), 0) << "rank " << rank;
    EXPECT_EQ(job.SaidNumber(rank, "yields"), 0) << "rank " << rank;
    EXPECT_EQ(job.SaidNumber(rank, "other"), -1) << "rank " << rank << " makes that system call (asm/unistd_64.h)";
    EXPECT_LT(job.SaidNumber(rank, "looked"), kRepetitions) << "rank " << rank << " looks for events in each";
  }
}

INSTANTIATE_TEST_SUITE_P(, SteadyState, testing::Values("2", "1000", "8000"),
                         [](const auto& test) { return test.param + "_elements"; });

}  // namespace
}  // namespace tutti::multi_process
