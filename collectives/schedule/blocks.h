// SPDX-License-Identifier: Apache-2.0
// Blocks of different lengths: where each rank's block lies in a buffer.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_BLOCKS_H_
#define TUTTI_COLLECTIVES_SCHEDULE_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace tutti {

// By rank, in elements; memory of somebody else. Blocks do not overlap; there may be gaps between them, and any order.
struct BlockList {
  absl::Span<const size_t> counts;
  absl::Span<const size_t> offsets;  // empty: one after the other, without gaps

  // From the buffer's begin to the end of the last block.
  uint64_t Extent() const;
  // A sum over all blocks before it where there are no offsets.
  uint64_t OffsetOf(int rank) const;

  friend bool operator==(const BlockList&, const BlockList&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const BlockList& b) {
    return H::combine(std::move(h), b.counts, b.offsets);
  }
};

// What one rank knows. A buffer that is not made of blocks has an empty list, and `own` elements.
struct RankBlocks {
  BlockList input = {};
  BlockList output = {};
  uint64_t own = 0;

  friend bool operator==(const RankBlocks&, const RankBlocks&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const RankBlocks& b) {
    return H::combine(std::move(h), b.input, b.output, b.own);
  }
};

// A copy that owns what it points to.
class OwnedBlocks {
 public:
  // kWrittenOut: every list has offsets, so that a block is found in constant time.
  enum class Offsets { kAsTheyAre, kWrittenOut };
  explicit OwnedBlocks(absl::Span<const RankBlocks> ranks, Offsets offsets = Offsets::kAsTheyAre);
  OwnedBlocks(const OwnedBlocks&) = delete;
  OwnedBlocks& operator=(const OwnedBlocks&) = delete;

  absl::Span<const RankBlocks> ranks() const { return ranks_; }

 private:
  BlockList Own(const BlockList& list, Offsets offsets);

  std::vector<RankBlocks> ranks_;
  std::deque<std::vector<size_t>> numbers_;  // the vectors stay where they are
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_BLOCKS_H_
