// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/registrations.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tutti::verbs {

void Registrations::Open(std::vector<const Device*> devices, uint64_t idle_bytes) {
  devices_ = std::move(devices);
  max_idle_bytes_ = idle_bytes;
  order_.reserve(256);
}

// False: refused by one of them, see error(); then it is registered with none.
bool Registrations::RegisterWithAll(const void* data, uint64_t bytes, int access, const Dmabuf* dmabuf,
                                    Regions* regions) {
  for (size_t rail = 0; rail < devices_.size(); ++rail) {
    ibv_pd* domain = devices_[rail]->domain.get();
    (*regions)[rail].reset(dmabuf == nullptr
                               ? ::ibv_reg_mr(domain, const_cast<void*>(data), bytes, access)
                               : ::ibv_reg_dmabuf_mr(domain, dmabuf->offset, bytes, reinterpret_cast<uintptr_t>(data),
                                                     dmabuf->fd, access));
    if ((*regions)[rail] != nullptr) continue;
    error_ = errno;
    *regions = {};
    return false;
  }
  return true;
}

Registrations::Handle Registrations::Acquire(const void* data, uint64_t bytes, bool writable) {
  const auto begin = reinterpret_cast<uintptr_t>(data);
  const uintptr_t end = begin + bytes;
  ++uses_;
  // Those that begin behind it cannot cover it.
  const auto after = std::upper_bound(order_.begin(), order_.end(), begin,
                                      [this](uintptr_t at, Handle handle) { return at < pool_.Get(handle)->begin; });
  for (auto candidate = after; candidate != order_.begin();) {
    Entry& entry = *pool_.Get(*--candidate);
    if (entry.end < end || (writable && !entry.writable)) continue;
    if (entry.users++ == 0) idle_bytes_ -= entry.end - entry.begin;
    entry.last_use = uses_;
    return *candidate;
  }
  const int access = writable ? IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE : 0;
  Regions regions;
  bool registered = RegisterWithAll(data, bytes, access, nullptr, &regions);
  if (!registered && idle_bytes_ > 0) {
    EvictIdle(0);  // perhaps it is they that exhaust the limit
    registered = RegisterWithAll(data, bytes, access, nullptr, &regions);
  }
  return registered ? Insert(data, bytes, writable, std::move(regions)) : kNone;
}

Registrations::Handle Registrations::AcquireDmabuf(const void* data, uint64_t bytes, const Dmabuf& dmabuf) {
  ++uses_;
  Regions regions;
  if (!RegisterWithAll(data, bytes, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE, &dmabuf, &regions)) return kNone;
  return Insert(data, bytes, /*writable=*/true, std::move(regions));
}

Registrations::Handle Registrations::Insert(const void* data, uint64_t bytes, bool writable, Regions regions) {
  const Handle handle = pool_.Acquire();
  Entry& entry = *pool_.Get(handle);
  entry.begin = reinterpret_cast<uintptr_t>(data);
  entry.end = entry.begin + bytes;
  entry.writable = writable;
  entry.users = 1;
  entry.last_use = uses_;
  entry.regions = std::move(regions);
  const auto after = std::upper_bound(order_.begin(), order_.end(), entry.begin,
                                      [this](uintptr_t at, Handle other) { return at < pool_.Get(other)->begin; });
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
