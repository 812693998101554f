// SPDX-License-Identifier: Apache-2.0
// One rank's memory as the checker sees it: input, output and scratch laid out in one line of element addresses, so
// that memory which is shared in place has one address, whichever buffer names it. Derived from the C API's rules on
// its own, not from the schedule room's arithmetic, which is under test.
#ifndef TUTTI_COLLECTIVES_CHECK_MEMORY_LAYOUT_H_
#define TUTTI_COLLECTIVES_CHECK_MEMORY_LAYOUT_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::check {

// Addresses [begin, end), in elements.
struct AddressRange {
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  bool Contains(const AddressRange& other) const { return begin <= other.begin && other.end <= end; }
  bool Overlaps(const AddressRange& other) const {
    return !empty() && !other.empty() && begin < other.end && other.begin < end;
  }
  friend bool operator==(const AddressRange&, const AddressRange&) = default;
};

// Checks that the shape is one that a call can have, and small enough that no sum of its sizes overflows.
absl::Status CheckShape(const Shape& shape);

class MemoryLayout {
 public:
  // `shape` has passed CheckShape; 0 <= rank < shape.num_ranks; neither is more than
  // kMaxScratchElements.
  MemoryLayout(const Shape& shape, int rank, uint64_t scratch_elements, uint64_t coded_elements = 0);

  static constexpr uint64_t kMaxScratchElements = uint64_t{1} << 61;

  const AddressRange& buffer(Buffer which) const { return buffers_[static_cast<size_t>(which)]; }
  const AddressRange& input() const { return buffer(Buffer::kInput); }
  const AddressRange& output() const { return buffer(Buffer::kOutput); }
  const AddressRange& scratch() const { return buffer(Buffer::kScratch); }
  const AddressRange& coded() const { return buffer(Buffer::kCoded); }
  uint64_t size() const { return coded().end; }  // it lies last

  // Whether the region lies inside its buffer (which must be one of the four).
  bool Holds(const Region& region) const;

  // The region's addresses; it must be held.
  AddressRange AddressesOf(const Region& region) const;

  // "output[17..20)", for people: the range in the first of output, scratch, slots and input that holds it all.
  std::string Describe(const AddressRange& range) const;

 private:
  std::array<AddressRange, kNumBuffers> buffers_;
};

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_MEMORY_LAYOUT_H_
