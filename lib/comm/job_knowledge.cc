// SPDX-License-Identifier: Apache-2.0
// What the job can tell the diagnostician beyond the other ranks' answers. See Knowledge.
#include <algorithm>

#include "absl/strings/str_cat.h"

#include "lib/comm/call.h"
#include "lib/comm/communicator.h"
#include "lib/comm/job.h"
#include "lib/recorder/flight_folder.h"
#include "lib/recorder/flight_record.h"

namespace tutti {
namespace {

// "the process is stopped; in operation 16, 1 of 2 steps done"
std::string DescribeRecord(const FlightRecord& record, uint32_t channel) {
  const ProcessState state = StateOf(record.process);
  std::string text = state == ProcessState::kStopped ? "the process is stopped; "
                     : state == ProcessState::kDead  ? "the process is dead; "
                                                     : "";
  for (const FlightRecord::Operation& operation : record.operations) {
    if (!operation.is_running() || operation.is_message() || operation.channel != channel) continue;
    return absl::StrCat(text, "in operation ", operation.sequence, ", ", operation.progress.steps_done, " of ",
                        operation.progress.steps, " steps done");
  }
  return absl::StrCat(text, "in no operation of this communicator");
}

}  // namespace

std::string Job::CallOf(uint32_t channel, uint64_t sequence) const {
  std::lock_guard<std::mutex> lock(communicators_mutex_);
  auto it = communicators_.find(channel);
  const uint64_t signature = it != communicators_.end() ? it->second->SignatureOf(sequence) : 0;
  return signature != 0 ? DescribeSignature(signature) : "";
}

std::optional<Activity> Job::RecordOf(int32_t rank, uint32_t channel) const {
  if (recorder_ == nullptr) return std::nullopt;
  const absl::StatusOr<FlightRecord> record = ReadFlightRecordOfPeer(recorder_->path(), rank);
  if (!record.ok()) return std::nullopt;
  const auto it = std::find_if(record->channels.begin(), record->channels.end(),
                               [channel](const FlightRecord::Channel& c) { return c.channel == channel; });
  if (it == record->channels.end()) return std::nullopt;
  Activity activity;
  activity.rank = rank;
  activity.entered = it->entered;
  activity.completed = it->completed;
  activity.description = DescribeRecord(*record, channel);
  return activity;
}

}  // namespace tutti
