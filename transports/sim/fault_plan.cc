// SPDX-License-Identifier: Apache-2.0
#include "transports/sim/fault_plan.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "lib/base/clock.h"
#include "lib/base/prng.h"

namespace tutti::sim {
namespace {

constexpr uint64_t kFaultStream = UINT64_MAX - 1;

std::string Milliseconds(int64_t ns) {
  return absl::StrFormat("%.3f ms", static_cast<double>(ns) / static_cast<double>(kNsPerMs));
}

std::string ForHowLong(int64_t duration_ns) {
  return duration_ns == kForeverNs ? "for ever" : absl::StrCat("for ", Milliseconds(duration_ns));
}

}  // namespace

FaultPlan RandomFaultPlan(int32_t size, uint64_t seed, const FaultPlanLimits& limits) {
  Prng prng(seed, kFaultStream);
  FaultPlan plan;
  const auto add = [&](FaultKind kind, int max_count, int64_t max_duration_ns) {
    const int64_t count = prng.Between(0, max_count);
    for (int64_t i = 0; i < count; ++i) {
      Fault fault;
      fault.at_ns = prng.Between(0, std::max<int64_t>(limits.horizon_ns, 1) - 1);
      fault.kind = kind;
      fault.rank = static_cast<int32_t>(prng.Below(static_cast<uint64_t>(size)));
      if (kind == FaultKind::kCutLink) {
        const auto step = 1 + static_cast<int32_t>(prng.Below(static_cast<uint64_t>(size - 1)));
        fault.peer = (fault.rank + step) % size;
      }
      if (kind != FaultKind::kCrash) {
        fault.duration_ns = max_duration_ns == kForeverNs ? kForeverNs : prng.Between(0, max_duration_ns);
      }
      plan.push_back(fault);
    }
  };
  add(FaultKind::kStall, limits.max_stalls, limits.max_stall_ns);
  add(FaultKind::kCrash, limits.max_crashes, 0);
  if (size > 1) {
    add(FaultKind::kCutLink, limits.max_short_cuts, limits.max_short_cut_ns);
    add(FaultKind::kCutLink, limits.max_lasting_cuts, kForeverNs);
  }
  std::stable_sort(plan.begin(), plan.end(), [](const Fault& a, const Fault& b) { return a.at_ns < b.at_ns; });
  return plan;
}

std::string DescribeFaultPlan(const FaultPlan& plan) {
  std::string text;
  for (const Fault& fault : plan) {
    absl::StrAppend(&text, "at ", Milliseconds(fault.at_ns), ": ");
    switch (fault.kind) {
      case FaultKind::kStall:
        absl::StrAppend(&text, "rank ", fault.rank, " stands still ", ForHowLong(fault.duration_ns));
        break;
      case FaultKind::kCrash:
        absl::StrAppend(&text, "rank ", fault.rank, " crashes");
        break;
      case FaultKind::kCutLink:
        absl::StrAppend(&text, "the link between ranks ", fault.rank, " and ", fault.peer, " is cut ",
                        ForHowLong(fault.duration_ns));
        break;
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

}  // namespace tutti::sim
