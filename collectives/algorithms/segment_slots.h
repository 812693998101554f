// SPDX-License-Identifier: Apache-2.0
// Scratch for partial sums that pass through a rank: a few segments' worth in turn, instead of the whole vector. A slot
// is used again when its last message has left, which the builder sees by itself; the memory stays small and in the
// cache.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_SEGMENT_SLOTS_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_SEGMENT_SLOTS_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "collectives/patterns/chunking.h"
#include "collectives/schedule/builder.h"

namespace tutti {

class SegmentSlots {
 public:
  // For `elements` that are cut into num_segments parts; nothing is reserved for 0 elements.
  SegmentSlots(ScheduleBuilder& builder, uint64_t elements, uint64_t num_segments)
      : num_slots_(std::min<uint64_t>(num_segments, kMaxSlots)) {
    const uint64_t slot_elements = CeilDiv(elements, num_segments);
    for (uint64_t i = 0; i < num_slots_; ++i) slots_[i] = builder.Scratch(slot_elements);
  }

  // Where the segment's partial sum lies. count: the segment's elements.
  Region Of(uint64_t segment, uint64_t count) const {
    Region slot = slots_[segment % num_slots_];
    slot.count = count;
    return slot;
  }

 private:
  // Enough that the next segments come in while earlier ones leave.
  static constexpr uint64_t kMaxSlots = 16;

  uint64_t num_slots_;
  std::array<Region, kMaxSlots> slots_;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_SEGMENT_SLOTS_H_
