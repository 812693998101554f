// SPDX-License-Identifier: Apache-2.0
#include "tools/noise/advice.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

namespace tutti::noise {
namespace {

// From here on a collective of many ranks feels it: the slowest of all cores sets the time.
constexpr double kStealShare = 0.002;
constexpr double kInterruptShare = 0.01;
constexpr double kStolenShare = 0.005;
constexpr double kPreemptionsPerSecond = 2;
constexpr double kTicksPerSecond = 80;  // a periodic tick comes 100 to 1,000 times a second

template <typename Predicate>
std::string Cores(const std::vector<CoreNoise>& cores, Predicate holds) {
  constexpr size_t kMaxNamed = 16;
  std::vector<std::string> names;
  for (size_t i = 0; i < cores.size(); ++i) {
    if (holds(cores[i], i)) names.push_back(absl::StrCat(cores[i].core));
  }
  if (names.empty()) return "";
  const size_t more = names.size() > kMaxNamed ? names.size() - kMaxNamed : 0;
  if (more > 0) names.resize(kMaxNamed);
  return absl::StrCat(names.size() == 1 ? "core " : "cores ", absl::StrJoin(names, ","),
                      more > 0 ? absl::StrCat(" and ", more, " more") : "");
}

double Share(int64_t part, int64_t all) { return all > 0 ? static_cast<double>(part) / static_cast<double>(all) : 0; }

double Seconds(const CoreNoise& core) { return static_cast<double>(core.elapsed_ns) * 1e-9; }

bool IsPreempted(const CoreNoise& core) {
  return static_cast<double>(core.preemptions) > kPreemptionsPerSecond * Seconds(core);
}

}  // namespace

std::vector<std::string> Advise(const std::vector<CoreNoise>& cores, const HostFacts& facts) {
  std::vector<std::string> advice;
  const auto say = [&advice](const std::string& who, absl::string_view what) {
    if (!who.empty()) advice.push_back(absl::StrCat(who, what));
  };
  if (!facts.cpu_quota.empty()) {
    advice.push_back(
        absl::StrCat("A quota (cpu.max of the control group: ", facts.cpu_quota,
                     " us) stops all threads for the rest of a period when it is used up: give whole cores "
                     "instead (cpuset), without a quota."));
  }
  say(Cores(cores, [](const CoreNoise& c, size_t) { return IsPreempted(c); }),
      absl::StrFormat(
          ": other threads were given the core (load %.1f on %d cores); stop what else runs there, or keep it "
          "away: a cpuset, taskset, or the batch system's binding (srun --cpu-bind=cores).",
          facts.load, facts.online));
  const std::string stolen =
      Cores(cores, [](const CoreNoise& c, size_t) { return Share(c.steal_ticks, c.clock_ticks) >= kStealShare; });
  double worst_steal = 0;
  for (const CoreNoise& core : cores) worst_steal = std::max(worst_steal, Share(core.steal_ticks, core.clock_ticks));
  say(stolen,
      absl::StrFormat(": the hypervisor gave up to %.1f %% of the time to other machines (steal); only its owner "
                      "can change that: ask for dedicated cores.",
                      100 * worst_steal));
  say(Cores(cores,
            [&](const CoreNoise&, size_t i) {
              return i < facts.governors.size() && !facts.governors[i].empty() && facts.governors[i] != "performance";
            }),
      ": the frequency governor is not \"performance\", so that a core which waits is slow when its data comes: "
      "cpupower frequency-set -g performance.");
  say(Cores(cores,
            [](const CoreNoise& c, size_t) { return Share(c.interrupt_ticks, c.clock_ticks) >= kInterruptShare; }),
      ": interrupts take 1 % of the time or more; move those of disks and network cards to other cores "
      "(/proc/irq/*/smp_affinity_list, and irqbalance off).");
  const bool has_tick = facts.nohz_full.empty() && std::any_of(cores.begin(), cores.end(), [](const CoreNoise& c) {
                          return c.detours_per_second() >= kTicksPerSecond;
                        });
  if (has_tick) {
    advice.emplace_back(
        "There are detours as often as the timer ticks. On nodes that only compute, boot with isolcpus=, nohz_full= "
        "and "
        "rcu_nocbs= for the ranks' cores, and leave one or two for the system.");
  }
  if (cores.size() > 1 && facts.isolated.empty()) {
    advice.push_back(absl::StrCat("This process may use ", cores.size(), " of ", facts.online,
                                  " cores and may be moved between them: bind each rank to cores of its own."));
  }
  const bool quiet = std::all_of(cores.begin(), cores.end(),
                                 [](const CoreNoise& c) { return c.stolen_share() < kStolenShare && !IsPreempted(c); });
  if (quiet) {
    advice.insert(advice.begin(),
                  absl::StrFormat("Quiet: no core lost more than %.1f %% of its time.", 100 * kStolenShare));
  } else if (advice.empty()) {
    advice.emplace_back(
        "Time was lost, and the kernel does not say to whom: on real hardware look at the firmware's "
        "power saving and system management interrupts (turbostat, hwlatdetect).");
  }
  return advice;
}

}  // namespace tutti::noise
