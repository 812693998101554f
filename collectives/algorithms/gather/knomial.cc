// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/gather/knomial.h"

#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/subtree_blocks.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti::gather {

Schedule AlongKnomialTree(const Shape& shape, int rank, int radix) {
  ScheduleBuilder builder(shape, rank);
  const KnomialTree place = KnomialTreeOf(shape.num_ranks, shape.root, radix, rank);
  const Region own = Input(0, shape.count);
  const bool is_root = place.parent < 0;
  const Region held = is_root ? Output(0, shape.count * static_cast<uint64_t>(shape.num_ranks))
                      : place.children.empty()
                          ? own
                          : builder.Scratch(shape.count * static_cast<uint64_t>(place.subtree_size));
  // The smallest subtrees are complete first.
  for (auto child = place.children.rbegin(); child != place.children.rend(); ++child) {
    const uint64_t before = static_cast<uint64_t>(child->relative - place.relative) * shape.count;
    for (const BlockRun& run : RunsOf(shape, child->relative, child->subtree_size)) {
      const Range in_stretch{before + run.in_stretch.offset, run.in_stretch.count};
      RecvPiece(builder, child->rank, PieceOf(held, is_root ? run.in_order_of_ranks : in_stretch));
    }
  }
  if (is_root) {
    if (!shape.in_place) builder.Copy(PieceOf(held, {static_cast<uint64_t>(rank) * shape.count, shape.count}), own);
    return std::move(builder).Build();
  }
  if (!place.children.empty()) builder.Copy(PieceOf(held, {0, shape.count}), own);
  for (const BlockRun& run : RunsOf(shape, place.relative, place.subtree_size)) {
    SendPiece(builder, place.parent, PieceOf(held, run.in_stretch));
  }
  return std::move(builder).Build();
}

}  // namespace tutti::gather
