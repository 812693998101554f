// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/scatter/knomial.h"

#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/subtree_blocks.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti::scatter {

Schedule AlongKnomialTree(const Shape& shape, int rank, int radix) {
  ScheduleBuilder builder(shape, rank);
  const KnomialTree place = KnomialTreeOf(shape.num_ranks, shape.root, radix, rank);
  const Region own = Output(0, shape.count);
  const bool is_root = place.parent < 0;
  const Region held = is_root ? Input(0, shape.count * static_cast<uint64_t>(shape.num_ranks))
                      : place.children.empty()
                          ? own
                          : builder.Scratch(shape.count * static_cast<uint64_t>(place.subtree_size));
  if (!is_root) {
    for (const BlockRun& run : RunsOf(shape, place.relative, place.subtree_size)) {
      RecvPiece(builder, place.parent, PieceOf(held, run.in_stretch));
    }
  }
  // The largest subtrees have the longest way to go.
  for (const KnomialTree::Child& child : place.children) {
    const uint64_t before = static_cast<uint64_t>(child.relative - place.relative) * shape.count;
    for (const BlockRun& run : RunsOf(shape, child.relative, child.subtree_size)) {
      const Range in_stretch{before + run.in_stretch.offset, run.in_stretch.count};
      SendPiece(builder, child.rank, PieceOf(held, is_root ? run.in_order_of_ranks : in_stretch));
    }
  }
  if (is_root) {
    if (!shape.in_place) builder.Copy(own, PieceOf(held, {static_cast<uint64_t>(rank) * shape.count, shape.count}));
  } else if (!place.children.empty()) {
    builder.Copy(own, PieceOf(held, {0, shape.count}));
  }
  return std::move(builder).Build();
}

}  // namespace tutti::scatter
