// SPDX-License-Identifier: Apache-2.0
// What goes wrong, and when, as plain data: written by hand for one case, or drawn from a seed. A plan knows nothing of
// the network that will carry it out; the same plan and seed give the same history.
#ifndef TUTTI_TRANSPORTS_SIM_FAULT_PLAN_H_
#define TUTTI_TRANSPORTS_SIM_FAULT_PLAN_H_

#include <cstdint>
#include <string>
#include <vector>

namespace tutti::sim {

enum class FaultKind : uint8_t {
  kStall,    // `rank` stands still for duration_ns, then goes on; nothing is lost
  kCrash,    // `rank` dies
  kCutLink,  // nothing passes between `rank` and `peer` for duration_ns; longer than the detection time: it is lost
};

struct Fault {
  int64_t at_ns = 0;
  FaultKind kind = FaultKind::kStall;
  int32_t rank = 0;
  int32_t peer = -1;        // kCutLink
  int64_t duration_ns = 0;  // kStall, kCutLink; kForeverNs: it does not end

  friend bool operator==(const Fault&, const Fault&) = default;
};

using FaultPlan = std::vector<Fault>;

struct FaultPlanLimits {
  int64_t horizon_ns = 10'000'000;  // faults begin in [0, horizon_ns)
  int max_stalls = 3;
  int64_t max_stall_ns = 5'000'000;
  int max_short_cuts = 2;  // cuts that heal
  int64_t max_short_cut_ns = 500'000;
  int max_crashes = 1;
  int max_lasting_cuts = 1;
};

// 0 .. max of each kind, ordered by time.
FaultPlan RandomFaultPlan(int32_t size, uint64_t seed, const FaultPlanLimits& limits);

// One line per fault, e.g. "at 1.250 ms: rank 3 crashes".
std::string DescribeFaultPlan(const FaultPlan& plan);

}  // namespace tutti::sim

#endif  // TUTTI_TRANSPORTS_SIM_FAULT_PLAN_H_
