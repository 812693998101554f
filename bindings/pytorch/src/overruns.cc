// SPDX-License-Identifier: Apache-2.0
#include "overruns.h"

#include <utility>

namespace tutti_torch {

void Overruns::Callback(void* context, const tutti_overrun_t* overrun) {
  auto* self = static_cast<Overruns*>(context);
  Overrun entry{overrun->sentence, overrun->timing.total_ns, overrun->budget_ns, overrun->culprit};
  std::lock_guard<std::mutex> lock(self->mutex_);
  if (self->entries_.size() == kCapacity) self->entries_.pop_front();
  self->entries_.push_back(std::move(entry));
  self->changed_.notify_one();
}

std::optional<Overrun> Overruns::Take() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return closed_ || !entries_.empty(); });
  if (entries_.empty()) return std::nullopt;
  Overrun first = std::move(entries_.front());
  entries_.pop_front();
  return first;
}

void Overruns::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace tutti_torch
