// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/step_keys.h"

namespace tutti {
namespace {

StepSort SortOf(StepKind kind) {
  switch (kind) {
    case StepKind::kSend:
      return StepSort::kSend;
    case StepKind::kRecv:
    case StepKind::kRecvReduce:
      return StepSort::kReceive;
    case StepKind::kReduce:
      return StepSort::kReduce;
    case StepKind::kCopy:
      return StepSort::kCopy;
    case StepKind::kEncode:
      return StepSort::kEncode;
    case StepKind::kDecode:
    case StepKind::kDecodeReduce:
      return StepSort::kDecode;
  }
  return StepSort::kOther;
}

StepSort SortOf(WindowStepKind kind) {
  switch (kind) {
    case WindowStepKind::kPublish:
      return StepSort::kPublish;
    case WindowStepKind::kReduce:
      return StepSort::kReduce;
    case WindowStepKind::kCopy:
    case WindowStepKind::kLocal:
      return StepSort::kCopy;
    case WindowStepKind::kWait:
      break;
  }
  return StepSort::kOther;
}

// Looks a record up once for all steps of the same sort that follow each other.
class Records {
 public:
  explicit Records(CommTelemetry& telemetry) : telemetry_(telemetry) {}
  uint8_t Of(StepKey key) {
    if (record_ == CommTelemetry::kNoStepRecord || !(key == key_)) record_ = telemetry_.StepRecordFor(key);
    key_ = key;
    return record_;
  }

 private:
  CommTelemetry& telemetry_;
  StepKey key_;
  uint8_t record_ = CommTelemetry::kNoStepRecord;
};

}  // namespace

std::vector<uint8_t> StepRecordsOf(const Plan& plan, CommTelemetry& telemetry,
                                   absl::FunctionRef<uint8_t(int32_t)> rail_of) {
  std::vector<uint8_t> found;
  if (!plan.stamps_steps()) return found;
  Records records(telemetry);
  found.reserve(plan.num_steps());
  if (!plan.is_window()) {
    for (const PlanStep& step : plan.steps()) {
      const uint8_t rail = step.peer >= 0 ? rail_of(step.peer) : StepKey::kNoRail;
      found.push_back(records.Of({SortOf(step.kind), step.peer_rank, rail}));
    }
    return found;
  }
  const uint8_t rail = plan.peers().empty() ? StepKey::kNoRail : rail_of(plan.peers().front());
  for (const WindowPlanStep& step : plan.window_steps()) {
    // A wait moves nothing; a publish is for all, or for whoever it is that reads it.
    const bool counts = step.kind != WindowStepKind::kWait;
    found.push_back(counts ? records.Of({SortOf(step.kind), step.peer, rail}) : CommTelemetry::kNoStepRecord);
  }
  return found;
}

}  // namespace tutti
