// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/registrations.h"

#include <algorithm>
#include <cerrno>

namespace tutti::verbs {

void Registrations::Open(const Device& device, uint64_t idle_bytes) {
  device_ = &device;
  max_idle_bytes_ = idle_bytes;
  order_.reserve(256);
}

Registrations::Handle Registrations::Acquire(const void* data, uint64_t bytes, bool writable) {
  const auto begin = reinterpret_cast<uintptr_t>(data);
  const uintptr_t end = begin + bytes;
  ++uses_;
  // Those that begin behind it cannot cover it.
  auto after = std::upper_bound(order_.begin(), order_.end(), begin,
                                [this](uintptr_t at, Handle handle) { return at < pool_.Get(handle)->begin; });
  for (auto candidate = after; candidate != order_.begin();) {
    Entry& entry = *pool_.Get(*--candidate);
    if (entry.end < end || (writable && !entry.writable)) continue;
    if (entry.users++ == 0) idle_bytes_ -= entry.end - entry.begin;
    entry.last_use = uses_;
    return *candidate;
  }
  const int access = writable ? IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE : 0;
  RegionHandle region(::ibv_reg_mr(device_->domain.get(), const_cast<void*>(data), bytes, access));
  if (region == nullptr && idle_bytes_ > 0) {
    EvictIdle(0);  // perhaps it is they that exhaust the limit
    region.reset(::ibv_reg_mr(device_->domain.get(), const_cast<void*>(data), bytes, access));
    after = std::upper_bound(order_.begin(), order_.end(), begin,
                             [this](uintptr_t at, Handle handle) { return at < pool_.Get(handle)->begin; });
  }
  if (region == nullptr) {
    error_ = errno;
    return kNone;
  }
  const Handle handle = pool_.Acquire();
  Entry& entry = *pool_.Get(handle);
  entry.begin = begin;
  entry.end = end;
  entry.writable = writable;
  entry.users = 1;
  entry.last_use = uses_;
  entry.region = std::move(region);
  order_.insert(after, handle);
  return handle;
}

void Registrations::Release(Handle handle) {
  Entry* entry = handle == kNone ? nullptr : pool_.Get(handle);
  if (entry == nullptr || --entry->users > 0) return;
  idle_bytes_ += entry->end - entry->begin;
  EvictIdle(max_idle_bytes_);
}

// Those that were not used for longest go first.
void Registrations::EvictIdle(uint64_t limit_bytes) {
  while (idle_bytes_ > limit_bytes) {
    auto oldest = order_.end();
    for (auto at = order_.begin(); at != order_.end(); ++at) {
      const Entry& entry = *pool_.Get(*at);
      if (entry.users > 0) continue;
      if (oldest == order_.end() || entry.last_use < pool_.Get(*oldest)->last_use) oldest = at;
    }
    if (oldest == order_.end()) return;
    const Entry& entry = *pool_.Get(*oldest);
    idle_bytes_ -= entry.end - entry.begin;
    (void)pool_.Release(*oldest);
    order_.erase(oldest);
  }
}

}  // namespace tutti::verbs
