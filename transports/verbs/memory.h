// SPDX-License-Identifier: Apache-2.0
// Registered memory of the transport's own, in slots of one size: what frames are sent from, and what parts of large
// messages are written to before they are shown by view. It never knows what lies in a slot.
#ifndef TUTTI_TRANSPORTS_VERBS_MEMORY_H_
#define TUTTI_TRANSPORTS_VERBS_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "transports/verbs/device.h"
#include "transports/verbs/handles.h"

namespace tutti::verbs {

// Page-aligned, so that no page of it is anybody else's.
struct PageDeleter {
  void operator()(uint8_t* memory) const;
};
using PageMemory = std::unique_ptr<uint8_t[], PageDeleter>;
PageMemory AllocatePages(size_t bytes);  // nullptr: no memory

class SlotMemory {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // Registered with each of the devices; keys are asked for by a device's place among them.
  absl::Status Open(absl::Span<const Device* const> devices, uint64_t slot_bytes, uint32_t count, int access);

  // kNone: all are in use.
  uint32_t Take();
  void Free(uint32_t slot) { free_.push_back(slot); }

  uint8_t* data(uint32_t slot) const { return memory_.get() + slot * slot_bytes_; }
  uint64_t slot_bytes() const { return slot_bytes_; }
  uint32_t local_key(uint32_t rail) const { return regions_[rail]->lkey; }
  uint32_t remote_key(uint32_t rail) const { return regions_[rail]->rkey; }

 private:
  PageMemory memory_;
  std::vector<RegionHandle> regions_;  // destroyed before the memory they cover
  uint64_t slot_bytes_ = 0;
  std::vector<uint32_t> free_;
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_MEMORY_H_
