// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/step_keys.h"

#include <algorithm>

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
  found.reserve(plan.num_steps());
  Records records(telemetry);
  for (const PlanStep& step : plan.steps()) {
    const uint8_t rail = step.peer >= 0 ? rail_of(step.peer) : StepKey::kNoRail;
    found.push_back(records.Of({SortOf(step.kind), step.peer_rank, rail}));
  }
  return found;
}

std::vector<StepGroup> StepGroupsOf(const Plan& plan, CommTelemetry& telemetry,
                                    absl::FunctionRef<uint8_t(int32_t)> rail_of) {
  std::vector<StepGroup> groups;
  if (!plan.stamps_steps()) return groups;
  const uint8_t rail = plan.peers().empty() ? StepKey::kNoRail : rail_of(plan.peers().front());
  const std::vector<WindowPlanStep>& steps = plan.window_steps();
  for (uint32_t i = 0; i < steps.size(); ++i) {
    const WindowPlanStep& step = steps[i];
    if (step.kind == WindowStepKind::kWait) continue;  // moves nothing
    // A publish is for all, or for whoever it is that reads it.
    const uint8_t record = telemetry.StepRecordFor({SortOf(step.kind), step.peer, rail});
    auto group = std::find_if(groups.begin(), groups.end(), [&](const StepGroup& g) { return g.record == record; });
    if (group == groups.end()) group = groups.insert(group, {record, step.kind == WindowStepKind::kReduce, 0, {}});
    group->bytes += step.kind == WindowStepKind::kPublish ? step.published_bytes : step.bytes;
    group->steps.push_back(i);
  }
  return groups;
}

}  // namespace tutti
