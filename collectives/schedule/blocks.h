// SPDX-License-Identifier: Apache-2.0
// Blocks of different lengths: where each rank's block lies in a buffer. Nothing here owns memory.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_BLOCKS_H_
#define TUTTI_COLLECTIVES_SCHEDULE_BLOCKS_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/types/span.h"

namespace tutti {

// By rank, in elements. Blocks do not overlap; there may be gaps between them, and any order.
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
  BlockList input;
  BlockList output;
  uint64_t own = 0;

  friend bool operator==(const RankBlocks&, const RankBlocks&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const RankBlocks& b) {
    return H::combine(std::move(h), b.input, b.output, b.own);
  }
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_BLOCKS_H_
