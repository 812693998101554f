// SPDX-License-Identifier: Apache-2.0
// The caller's memory, registered while messages use it.
//
// A registration pins pages, not addresses: when an application frees memory and is given the same address again, an old
// registration would reach the old pages. This transport hooks no allocator, so it keeps a registration only while a
// posted message uses it, when the memory cannot be freed without breaking the contract. Messages that lie within
// one registration at the same time share it. `idle_bytes` (0 unless set) lets an application whose buffers live as
// long as the job trade that safety for speed: so many bytes stay registered after their last message.
#ifndef TUTTI_TRANSPORTS_VERBS_REGISTRATIONS_H_
#define TUTTI_TRANSPORTS_VERBS_REGISTRATIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "lib/base/slot_pool.h"
#include "lib/transport/memory_registry.h"
#include "transports/verbs/device.h"

namespace tutti::verbs {

class Registrations {
 public:
  using Handle = uint64_t;
  static constexpr Handle kNone = 0;

  // All memory is registered with each of the devices; keys are asked for by a device's place among them.
  void Open(std::vector<const Device*> devices, uint64_t idle_bytes);

  // Registers [data, data + bytes), for the device to write (and the peer, with the remote key), or only to read.
  // kNone: refused, see error(). Each Acquire has its Release.
  Handle Acquire(const void* data, uint64_t bytes, bool writable);
  // The same of memory of a dma-buf that is mapped at `data`; messages within it find it as any other registration.
  Handle AcquireDmabuf(const void* data, uint64_t bytes, const Dmabuf& dmabuf);
  void Release(Handle handle);

  uint32_t local_key(Handle handle, uint32_t rail) const { return pool_.Get(handle)->regions[rail]->lkey; }
  uint32_t remote_key(Handle handle, uint32_t rail) const { return pool_.Get(handle)->regions[rail]->rkey; }
  int error() const { return error_; }

  // For tests.
  size_t size() const { return pool_.size(); }
  uint64_t idle_bytes() const { return idle_bytes_; }

 private:
  using Regions = std::array<RegionHandle, kMaxRails>;
  struct Entry {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    bool writable = false;
    uint32_t users = 0;
    uint64_t last_use = 0;
    Regions regions;
  };

  bool RegisterWithAll(const void* data, uint64_t bytes, int access, const Dmabuf* dmabuf, Regions* regions);
  Handle Insert(const void* data, uint64_t bytes, bool writable, Regions regions);
  void EvictIdle(uint64_t limit_bytes);

  std::vector<const Device*> devices_;
  uint64_t max_idle_bytes_ = 0;
  uint64_t idle_bytes_ = 0;
  uint64_t uses_ = 0;
  int error_ = 0;
  SlotPool<Entry> pool_;
  std::vector<Handle> order_;  // by begin
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_REGISTRATIONS_H_
