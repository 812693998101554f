// SPDX-License-Identifier: Apache-2.0
#include "timing_log.h"

#include <chrono>
#include <utility>

namespace tutti_torch {

int64_t WallClockNs() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
}

void TimingLog::AddLast(const char* name, int64_t begun_ns) {
  OperationTiming entry;
  entry.name = name;
  entry.begun_ns = begun_ns;
  if (tutti_last_timing(&entry.timing) != TUTTI_OK) return;  // telemetry is off
  std::lock_guard<std::mutex> lock(mutex_);
  if (entries_.size() == kCapacity) entries_.pop_front();
  entries_.push_back(entry);
  if (recording_ && recorded_.size() < kLongestRecording) recorded_.push_back(entry);
}

bool TimingLog::StartRecording() {
  std::lock_guard<std::mutex> lock(mutex_);
  return !std::exchange(recording_, true);
}

std::vector<OperationTiming> TimingLog::StopRecording() {
  std::lock_guard<std::mutex> lock(mutex_);
  recording_ = false;
  return std::exchange(recorded_, {});
}

std::vector<OperationTiming> TimingLog::Take() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<OperationTiming> taken(entries_.begin(), entries_.end());
  entries_.clear();
  return taken;
}

}  // namespace tutti_torch
