// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/plan_cache.h"

#include <algorithm>
#include <utility>

namespace tutti {

bool PlanCache::Entry::idle() const {
  return std::none_of(operations.begin(), operations.end(),
                      [](const std::unique_ptr<Operation>& operation) { return operation->in_use(); });
}

Operation& PlanCache::ClaimFrom(Entry& entry) {
  entry.last_use = ++uses_;
  for (const auto& operation : entry.operations) {
    if (operation->TryAcquire()) return *operation;
  }
  entry.operations.push_back(std::make_unique<Operation>(entry.plan));
  scratch_bytes_ += entry.plan->scratch_bytes();
  entry.operations.back()->TryAcquire();
  return *entry.operations.back();
}

absl::StatusOr<PlanCache::Acquired> PlanCache::Acquire(const PlanKey& key,
                                                       absl::FunctionRef<absl::StatusOr<Plan>()> compile) {
  if (latest_ != nullptr && latest_->key == key) return Acquired{&ClaimFrom(*latest_), false};
  auto it = entries_.find(key);
  if (it != entries_.end()) {
    latest_ = it->second.get();
    return Acquired{&ClaimFrom(*latest_), false};
  }
  absl::StatusOr<Plan> plan = compile();
  if (!plan.ok()) return plan.status();
  auto entry = std::make_unique<Entry>(key);
  entry->plan = std::make_shared<const Plan>(*std::move(plan));
  latest_ = entry.get();
  entries_.emplace(latest_->key, std::move(entry));
  Operation& operation = ClaimFrom(*latest_);
  MakeRoom();
  return Acquired{&operation, true};
}

void PlanCache::MakeRoom() {
  while (entries_.size() > kMaxEntries || scratch_bytes_ > kMaxScratchBytes) {
    auto oldest = entries_.end();
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (!it->second->idle()) continue;
      if (oldest == entries_.end() || it->second->last_use < oldest->second->last_use) oldest = it;
    }
    if (oldest == entries_.end()) return;
    scratch_bytes_ -= oldest->second->scratch_bytes();
    entries_.erase(oldest);
    ++dropped_;
  }
}

void PlanCache::ForEach(absl::FunctionRef<void(Operation&)> visit) {
  for (auto& [key, entry] : entries_) {
    for (auto& operation : entry->operations) visit(*operation);
  }
}

}  // namespace tutti
