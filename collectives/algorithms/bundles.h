// SPDX-License-Identifier: Apache-2.0
// Where the chunks of PAT's bundles lie (patterns/aggregated_trees.h): one behind the other in scratch, in memory that
// is used again as soon as a bundle has left. Blocks may have different lengths.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BUNDLES_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BUNDLES_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "collectives/patterns/aggregated_trees.h"
#include "collectives/schedule/builder.h"
#include "collectives/schedule/shape.h"

namespace tutti {

struct BundledChunk {
  int owner = 0;  // the rank from which a gather has the chunk, or for which a scatter makes it
  Region region;
};

inline uint64_t LongestOf(const std::vector<Region>& blocks) {
  uint64_t longest = 0;
  for (const Region& block : blocks) longest = std::max(longest, block.count);
  return longest;
}

// Chunks [first, first + num), which lie one behind the other, as one region.
inline Region Together(const std::vector<BundledChunk>& chunks, int first, int num) {
  Region region = chunks[static_cast<size_t>(first)].region;
  const Region& last = chunks[static_cast<size_t>(first + num - 1)].region;
  region.count = last.offset + last.count - region.offset;
  return region;
}

// As many chunks travel together as make up a message of segment_bytes, or of `default_message_bytes` where the shape
// leaves it to the algorithm; longer ones are cut. blocks: not empty.
inline uint64_t ChunksPerMessage(const Shape& shape, const std::vector<Region>& blocks,
                                 uint64_t default_message_bytes) {
  const uint64_t message_bytes = shape.segment_bytes > 0 ? shape.segment_bytes : default_message_bytes;
  return message_bytes / std::max<uint64_t>(1, LongestOf(blocks) * shape.element_bytes);
}

class Bundles {
 public:
  // blocks: by rank; only their lengths count. trees and blocks must outlive this.
  Bundles(ScheduleBuilder& builder, const AggregatedTrees& trees, int rank, const std::vector<Region>& blocks)
      : trees_(trees), rank_(rank), blocks_(blocks) {
    const uint64_t longest = LongestOf(blocks);
    std::vector<bool> used(static_cast<size_t>(trees.num_stores()));
    used[0] = true;
    for (const AggregatedTrees::Round& round : trees.rounds()) {
      used[static_cast<size_t>(trees.StoreOf(round.to))] = true;
    }
    for (bool use : used) {
      stores_.push_back(builder.Scratch(use ? longest * static_cast<uint64_t>(trees.longest_bundle()) : 0));
    }
  }

  std::vector<BundledChunk> ChunksOf(int bundle) const {
    const int n = static_cast<int>(blocks_.size());
    std::vector<BundledChunk> chunks;
    Region next = stores_[static_cast<size_t>(trees_.StoreOf(bundle))];
    for (int distance : trees_.Bundle(bundle)) {
      const int owner = (rank_ + n - distance) % n;
      next.count = blocks_[static_cast<size_t>(owner)].count;
      chunks.push_back({owner, next});
      next.offset += next.count;
    }
    return chunks;
  }

 private:
  const AggregatedTrees& trees_;
  const int rank_;
  const std::vector<Region>& blocks_;
  std::vector<Region> stores_;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BUNDLES_H_
