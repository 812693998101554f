// SPDX-License-Identifier: Apache-2.0
// A planted fault that the library does not know of: a rank that is slow at reducing, because the page that the sum goes to does
// not answer for a while. That time is reduction, on that rank, and nobody is blamed for having been late.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/support/sanitized.h"

namespace tutti::multi_process {
namespace {

constexpr int64_t kSlowNs = 20 * kMs;

int64_t ClockNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

// Memory whose first touch takes kSlowNs, each time that it has been made slow again. One at a time in a process.
class SlowMemory {
 public:
  explicit SlowMemory(size_t bytes) : bytes_(bytes) {
    void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Require(data != MAP_FAILED, "memory can be had");
    data_ = data;
    the_one_ = this;
    struct sigaction action {};
    action.sa_sigaction = &SlowMemory::OnFault;
    action.sa_flags = SA_SIGINFO;
    Require(::sigaction(SIGSEGV, &action, nullptr) == 0, "the handler is set");
  }
  ~SlowMemory() {
    ::signal(SIGSEGV, SIG_DFL);
    ::munmap(data_, bytes_);
  }

  float* data() { return static_cast<float*>(data_); }
  void MakeSlow() {
    took_ns_ = 0;
    Require(::mprotect(data_, bytes_, PROT_NONE) == 0, "memory can be protected");
  }
  // How long the touch took; 0: nobody has touched it.
  int64_t took_ns() const { return took_ns_; }

 private:
  static void OnFault(int, siginfo_t* info, void*) {
    SlowMemory& memory = *the_one_;
    const auto at = reinterpret_cast<uintptr_t>(info->si_addr);
    const auto begin = reinterpret_cast<uintptr_t>(memory.data_);
    if (at < begin || at >= begin + memory.bytes_) {
      ::signal(SIGSEGV, SIG_DFL);  // a fault of another kind: it happens again, and ends the process
      return;
    }
    const int64_t begin_ns = ClockNs();
    while (ClockNs() - begin_ns < kSlowNs) {
    }
    ::mprotect(memory.data_, memory.bytes_, PROT_READ | PROT_WRITE);
    memory.took_ns_ = ClockNs() - begin_ns;
  }

  static SlowMemory* the_one_;
  const size_t bytes_;
  void* data_ = nullptr;
  volatile int64_t took_ns_ = 0;
};

SlowMemory* SlowMemory::the_one_ = nullptr;

// Argument: elements. Rank 1's sums are slow.
RANK_PROGRAM(OneReducesSlowly) {
  const size_t count = std::stoul(context.arguments[0]);
  const tutti_comm_t comm = Join();
  const std::vector<float> values(count, 1.0f);
  SlowMemory sums((count * sizeof(float) + 4095) / 4096 * 4096);
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.algorithm = "shared_one_shot";
  const auto reduce = [&] {
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), sums.data(), count, TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr));
  };
  reduce();
  int64_t least_beyond_ns = INT64_MAX;
  for (int i = 0; i < 5; ++i) {
    Synchronise(comm);
    if (context.rank == 1) sums.MakeSlow();
    reduce();
    Require(sums.data()[count - 1] == static_cast<float>(context.size), "the sum is right");
    tutti_timing_t timing = TUTTI_TIMING_INIT;
    REQUIRE_OK(tutti_last_timing(&timing));
    Require(sums.took_ns() >= kSlowNs || context.rank != 1, "somebody touched the sums");
    Require(timing.reduced_ns >= sums.took_ns(), "what was planted is counted as reduction");
    least_beyond_ns = std::min(least_beyond_ns, timing.reduced_ns - sums.took_ns());
  }
  Say("least_beyond_ns", least_beyond_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(SlowReducer, IsCountedAsReductionOnItsRankAndNowhereElse) {
  if (kSanitized) GTEST_SKIP() << "sanitizers look at faults themselves";
  Job job("OneReducesSlowly", 3, {.arguments = {"30000"}});
  ASSERT_TRUE(job.AllSucceed());
  // A busy machine may take the core away in the middle of a reduction, but not each time: then all is told, and nothing more.
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_LE(job.SaidNumber(rank, "least_beyond_ns"), std::max<int64_t>(kSlowNs / 20, 50'000)) << "rank " << rank;
  }
}

}  // namespace
}  // namespace tutti::multi_process
