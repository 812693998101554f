// SPDX-License-Identifier: Apache-2.0
#include "lib/reduce/user_ops.h"

#include <limits>
#include <utility>

namespace tutti {

// Never destroyed: operations may be used while the process exits.
UserOps& UserOps::OfProcess() {
  static auto* ops = new UserOps();
  return *ops;
}

int UserOps::Add(std::shared_ptr<const UserOp> op) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (int i = 0; i < kMaxOps; ++i) {
    Slot& slot = slots_[static_cast<size_t>(i)];
    if (slot.owned != nullptr || slot.uses == (std::numeric_limits<int>::max() - kFirstNumber) / kMaxOps) continue;
    const int number = kFirstNumber + slot.uses++ * kMaxOps + i;
    slot.owned = std::move(op);
    slot.op.store(slot.owned.get(), std::memory_order_relaxed);
    slot.number.store(number, std::memory_order_release);
    return number;
  }
  return 0;
}

bool UserOps::Remove(int number) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (Find(number) == nullptr) return false;
  Slot& slot = slots_[static_cast<size_t>((number - kFirstNumber) % kMaxOps)];
  slot.number.store(0, std::memory_order_relaxed);
  slot.op.store(nullptr, std::memory_order_relaxed);
  slot.owned.reset();
  return true;
}

const UserOp* UserOps::Find(int number) const {
  if (number < kFirstNumber) return nullptr;
  const Slot& slot = slots_[static_cast<size_t>((number - kFirstNumber) % kMaxOps)];
  if (slot.number.load(std::memory_order_acquire) != number) return nullptr;
  return slot.op.load(std::memory_order_relaxed);
}

std::string UserOps::NameOf(uint16_t fingerprint) const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const Slot& slot : slots_) {
    if (slot.owned != nullptr && slot.owned->fingerprint() == fingerprint) return slot.owned->traits().name;
  }
  return "";
}

}  // namespace tutti
