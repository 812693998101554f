// SPDX-License-Identifier: Apache-2.0
// How evenly a core runs: the same small piece of work, over and over, with a look at the clock after each. What a piece takes
// more than the quickest one is a detour: an interrupt, another process, the hypervisor, a lower frequency.
#ifndef TUTTI_TOOLS_NOISE_CORE_NOISE_H_
#define TUTTI_TOOLS_NOISE_CORE_NOISE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lib/telemetry/histogram.h"

namespace tutti::noise {

// The work is sized so that an undisturbed piece takes about this long.
inline constexpr int64_t kQuantumNs = 10'000;

// What is shorter is not counted as a detour: caches and the clock itself vary by as much.
inline constexpr int64_t kLeastDetourNs = 1000;

// Detours by length: 1 to 10 us, to 100 us, to 1 ms, to 10 ms, and longer.
inline constexpr std::array<int64_t, 5> kClassLowNs = {1000, 10'000, 100'000, 1'000'000, 10'000'000};

// The class of a detour of at least kLeastDetourNs.
size_t ClassOf(int64_t detour_ns);

struct Gap {
  int64_t ns = 0;
  int64_t at_ns = 0;  // since the beginning of the measurement
};
inline constexpr size_t kWorstGaps = 5;

struct CoreNoise {
  int core = -1;
  uint64_t quanta = 0;
  int64_t quickest_ns = 0;
  int64_t elapsed_ns = 0;
  int64_t stolen_ns = 0;  // the sum of what all pieces took more than the quickest one
  uint64_t detours = 0;
  std::array<uint64_t, kClassLowNs.size()> by_class{};
  HistogramSnapshot detour_ns;  // of all pieces, those without a detour too
  std::vector<Gap> worst;       // descending, at most kWorstGaps
  int64_t preemptions = 0;      // by the kernel's count: another thread was given the core
  int64_t clock_ticks = 0;      // of /proc/stat during the measurement; see core_time.h
  int64_t steal_ticks = 0;
  int64_t interrupt_ticks = 0;

  double stolen_share() const {
    return elapsed_ns > 0 ? static_cast<double>(stolen_ns) / static_cast<double>(elapsed_ns) : 0;
  }
  double detours_per_second() const {
    return elapsed_ns > 0 ? static_cast<double>(detours) * 1e9 / static_cast<double>(elapsed_ns) : 0;
  }
};

// What the pieces' times say. Pure.
CoreNoise Digest(int core, const std::vector<int64_t>& ends_ns, int64_t begin_ns);

// Measures all cores at once, with a thread on each, for duration_ns. At least one core. Unavailable: a core cannot be used.
// Memory: 8 bytes for each piece, 800 KB for each second and core.
absl::StatusOr<std::vector<CoreNoise>> MeasureCores(const std::vector<int>& cores, int64_t duration_ns);

}  // namespace tutti::noise

#endif  // TUTTI_TOOLS_NOISE_CORE_NOISE_H_
