// SPDX-License-Identifier: Apache-2.0
// Where the blocks of a tree's subtree lie. A subtree is a stretch of ranks relative to the root; in the root's buffer,
// where blocks lie in the order of ranks, that is one run of blocks, or two if the stretch passes the last rank. Both ends
// of an edge exchange a message for each run.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_SUBTREE_BLOCKS_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_SUBTREE_BLOCKS_H_

#include <algorithm>
#include <array>
#include <cstdint>

#include "collectives/patterns/chunking.h"
#include "collectives/schedule/shape.h"

namespace tutti {

struct BlockRun {
  Range in_order_of_ranks;  // elements of the root's buffer
  Range in_stretch;         // elements of a buffer that holds the stretch alone
};

// The runs of relative ranks [relative, relative + size), the second one empty if there is only one.
inline std::array<BlockRun, 2> RunsOf(const Shape& shape, int relative, int size) {
  const auto n = static_cast<uint64_t>(shape.num_ranks), blocks = static_cast<uint64_t>(size);
  const uint64_t first = (static_cast<uint64_t>(relative) + static_cast<uint64_t>(shape.root)) % n;
  const uint64_t before_end = std::min(blocks, n - first);
  const uint64_t count = shape.count;
  return {{{{first * count, before_end * count}, {0, before_end * count}},
           {{0, (blocks - before_end) * count}, {before_end * count, (blocks - before_end) * count}}}};
}

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_SUBTREE_BLOCKS_H_
