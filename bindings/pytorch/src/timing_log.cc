// SPDX-License-Identifier: Apache-2.0
#include "timing_log.h"

namespace tutti_torch {

void TimingLog::AddLast(const char* name) {
  OperationTiming entry;
  entry.name = name;
  if (tutti_last_timing(&entry.timing) != TUTTI_OK) return;  // telemetry is off
  std::lock_guard<std::mutex> lock(mutex_);
  if (entries_.size() == kCapacity) entries_.pop_front();
  entries_.push_back(entry);
}

std::vector<OperationTiming> TimingLog::Take() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<OperationTiming> taken(entries_.begin(), entries_.end());
  entries_.clear();
  return taken;
}

}  // namespace tutti_torch
