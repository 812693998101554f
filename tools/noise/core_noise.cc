// SPDX-License-Identifier: Apache-2.0
#include "tools/noise/core_noise.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/raw_clock.h"
#include "tools/cpus/cpus.h"
#include "tools/noise/core_time.h"

namespace tutti::noise {
namespace {

// Each turn needs the last one's result, and no memory.
uint64_t Work(uint64_t state, int64_t turns) {
  for (int64_t i = 0; i < turns; ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
  }
  return state;
}

struct Probe {
  std::vector<int64_t> ends_ns;
  size_t quanta = 0;
  int64_t begin_ns = 0;
  int64_t preemptions = 0;
  uint64_t result = 1;  // kept, so that the work is done
  int error = 0;
};

// How many turns the quantum has.
int64_t Calibrate() {
  Clock& clock = RawClock();
  constexpr int64_t kTurns = 10'000;
  int64_t quickest_ns = kForeverNs;
  uint64_t state = 1;
  for (int i = 0; i < 50; ++i) {
    const int64_t begin_ns = clock.NowNs();
    state = Work(state, kTurns);
    quickest_ns = std::min(quickest_ns, clock.NowNs() - begin_ns);
  }
  // A quickest time of 0 would be a broken clock; the state is never 0.
  return std::max<int64_t>(1, kTurns * kQuantumNs / std::max<int64_t>(quickest_ns, state == 0 ? 2 : 1));
}

int64_t Preemptions() {
  rusage usage = {};
  return getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nivcsw : 0;
}

void Run(int core, int64_t turns, int64_t duration_ns, const std::atomic<bool>& go, std::atomic<int>& ready,
         Probe& probe) {
  probe.error = BindTo(core) ? 0 : errno;
  ready.fetch_add(1);
  while (!go.load(std::memory_order_acquire)) sched_yield();
  if (probe.error != 0) return;
  Clock& clock = RawClock();
  const int64_t preempted = Preemptions();
  probe.begin_ns = clock.NowNs();
  const int64_t end_ns = probe.begin_ns + duration_ns;
  int64_t now_ns = probe.begin_ns;
  while (now_ns < end_ns && probe.quanta < probe.ends_ns.size()) {
    probe.result = Work(probe.result, turns);
    now_ns = clock.NowNs();
    probe.ends_ns[probe.quanta++] = now_ns;
  }
  probe.preemptions = Preemptions() - preempted;
}

}  // namespace

size_t ClassOf(int64_t detour_ns) {
  const auto above = std::upper_bound(kClassLowNs.begin(), kClassLowNs.end(), detour_ns);
  return above == kClassLowNs.begin() ? 0 : static_cast<size_t>(above - kClassLowNs.begin()) - 1;
}

CoreNoise Digest(int core, const std::vector<int64_t>& ends_ns, int64_t begin_ns) {
  CoreNoise noise;
  noise.core = core;
  noise.quanta = ends_ns.size();
  if (ends_ns.empty()) return noise;
  noise.elapsed_ns = ends_ns.back() - begin_ns;
  noise.quickest_ns = kForeverNs;
  int64_t before_ns = begin_ns;
  for (const int64_t end_ns : ends_ns) {
    noise.quickest_ns = std::min(noise.quickest_ns, end_ns - before_ns);
    before_ns = end_ns;
  }
  before_ns = begin_ns;
  for (const int64_t end_ns : ends_ns) {
    const int64_t detour_ns = end_ns - before_ns - noise.quickest_ns;
    noise.stolen_ns += detour_ns;
    noise.detour_ns.Add(detour_ns, 1);
    if (detour_ns >= kLeastDetourNs) {
      ++noise.detours;
      ++noise.by_class[ClassOf(detour_ns)];
      noise.worst.push_back({detour_ns, before_ns - begin_ns});
    }
    before_ns = end_ns;
  }
  const auto longer = [](const Gap& a, const Gap& b) { return a.ns > b.ns; };
  const size_t shown = std::min(noise.worst.size(), kWorstGaps);
  std::partial_sort(noise.worst.begin(), noise.worst.begin() + static_cast<ptrdiff_t>(shown), noise.worst.end(),
                    longer);
  noise.worst.resize(shown);
  return noise;
}

absl::StatusOr<std::vector<CoreNoise>> MeasureCores(const std::vector<int>& cores, int64_t duration_ns) {
  const int64_t turns = Calibrate();
  std::vector<Probe> probes(cores.size());
  for (Probe& probe : probes) {
    // Twice as many as there should be; written now, so that no page fault is taken for noise.
    probe.ends_ns.assign(static_cast<size_t>(2 * duration_ns / kQuantumNs) + 16, 0);
  }
  std::atomic<bool> go{false};
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < cores.size(); ++i) {
    threads.emplace_back([&, i] { Run(cores[i], turns, duration_ns, go, ready, probes[i]); });
  }
  while (ready.load() < static_cast<int>(cores.size())) sched_yield();
  const std::vector<CoreTime> before = ReadCoreTimes(cores);
  go.store(true, std::memory_order_release);
  for (std::thread& thread : threads) thread.join();
  const std::vector<CoreTime> after = ReadCoreTimes(cores);

  std::vector<CoreNoise> all;
  for (size_t i = 0; i < cores.size(); ++i) {
    Probe& probe = probes[i];
    if (probe.error != 0) {
      return absl::UnavailableError(
          absl::StrCat("cannot measure on core ", cores[i], ": ", std::strerror(probe.error)));
    }
    probe.ends_ns.resize(probe.quanta);
    CoreNoise noise = Digest(cores[i], probe.ends_ns, probe.begin_ns);
    noise.preemptions = probe.preemptions;
    noise.clock_ticks = after[i].all_ticks - before[i].all_ticks;
    noise.steal_ticks = after[i].steal_ticks - before[i].steal_ticks;
    noise.interrupt_ticks = after[i].interrupt_ticks - before[i].interrupt_ticks;
    all.push_back(std::move(noise));
  }
  return all;
}

}  // namespace tutti::noise
