// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/request_table.h"

#include <utility>

#include "lib/bootstrap/timed_wait.h"

namespace tutti {

uint64_t RequestTable::Open() {
  std::lock_guard<std::mutex> lock(mutex_);
  open_[next_] = std::nullopt;
  return next_++;
}

absl::StatusOr<Message> RequestTable::Wait(uint64_t request, int64_t deadline_ns) {
  std::unique_lock<std::mutex> lock(mutex_);
  WaitUntil(lock, changed_, deadline_ns, [&] { return open_[request].has_value() || !failure_.ok(); });
  std::optional<Message> answer = std::move(open_[request]);
  open_.erase(request);
  if (answer) return *std::move(answer);
  if (!failure_.ok()) return failure_;
  return absl::DeadlineExceededError("rank 0's control service does not answer");
}

void RequestTable::Complete(Message answer) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = open_.find(answer.request);
  if (found == open_.end() || found->second) return;
  found->second = std::move(answer);
  changed_.notify_all();
}

void RequestTable::FailAll(const absl::Status& status) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (failure_.ok()) failure_ = status;
  changed_.notify_all();
}

}  // namespace tutti
