// SPDX-License-Identifier: Apache-2.0
#include "tools/live/names.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "lib/base/clock.h"
#include "lib/comm/call.h"
#include "lib/engine/operation.h"

namespace tutti::live {

const char* StateName(ProcessState state) {
  switch (state) {
    case ProcessState::kAlive:
      return "alive";
    case ProcessState::kStopped:
      return "stopped";
    case ProcessState::kDead:
      return "dead";
    case ProcessState::kUnknown:
      break;
  }
  return "unknown";
}

const char* WaitKindName(FlightWaitKind kind) {
  switch (kind) {
    case FlightWaitKind::kSend:
      return "send";
    case FlightWaitKind::kReceive:
      return "receive";
    case FlightWaitKind::kContribution:
      return "contribution";
    case FlightWaitKind::kRoom:
      return "room";
    case FlightWaitKind::kSharedMemory:
      return "shared_memory";
    case FlightWaitKind::kEarlierOperation:
      return "earlier_operation";
    case FlightWaitKind::kNothing:
      break;
  }
  return "";
}

std::string OutcomeText(int32_t outcome) {
  const std::string name = OutcomeName(static_cast<Outcome>(outcome));
  return name.empty() ? absl::StrCat("status ", outcome) : name;
}

std::string CallText(const FlightRecord::Operation& operation) {
  const std::string call = DescribeSignature(operation.signature);
  return operation.is_message() ? absl::StrCat(call, " with tag ", operation.tag()) : call;
}

std::string ShortDuration(int64_t ns) {
  ns = std::max<int64_t>(ns, 0);
  if (ns < kNsPerUs) return absl::StrCat(ns, " ns");
  if (ns < kNsPerMs) return absl::StrFormat("%.3g us", static_cast<double>(ns) / kNsPerUs);
  if (ns < kNsPerSecond) return absl::StrFormat("%.3g ms", static_cast<double>(ns) / kNsPerMs);
  const int64_t seconds = ns / kNsPerSecond;
  if (seconds < 100) return absl::StrFormat("%.3g s", static_cast<double>(ns) / kNsPerSecond);
  if (seconds < 6000) return absl::StrCat(seconds / 60, " min ", seconds % 60, " s");
  return absl::StrCat(seconds / 3600, " h ", seconds / 60 % 60, " min");
}

}  // namespace tutti::live
