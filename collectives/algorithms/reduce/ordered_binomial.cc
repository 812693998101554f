// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce/ordered_binomial.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/segment_slots.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti::reduce {
namespace {

constexpr uint64_t kOrderedBinomialSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildOrderedBinomial(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  KnomialTree tree = KnomialTreeOf(shape.num_ranks, /*root=*/0, /*radix=*/2, rank);
  // Each subtree is a stretch of ranks: by rank, they come in the order of the operands.
  std::sort(tree.children.begin(), tree.children.end(), [](const auto& a, const auto& b) { return a.rank < b.rank; });
  const bool is_root = rank == shape.root;
  const bool hands_over = rank == 0 && !is_root;
  const uint64_t num_segments =
      NumSegmentsFor(shape, shape.count, kOrderedBinomialSegmentBytes, /*steps_per_segment=*/tree.children.size() + 2);
  // The root's own output is room enough for its partial sums: they have left when the result comes.
  const bool has_scratch = !is_root && !tree.children.empty();
  const SegmentSlots slots(builder, has_scratch ? shape.count : 0, num_segments);
  const bool passes_on = tree.parent >= 0 && is_root;

  for (uint64_t s = 0; s < num_segments; ++s) {
    const Range range = PartOf({0, shape.count}, num_segments, s);
    const Region dst = is_root ? PieceOf(Output(0, shape.count), range) : slots.Of(s, range.count);
    Region sum = PieceOf(Input(0, shape.count), range);
    for (const KnomialTree::Child& child : tree.children) {
      const bool complete = tree.parent < 0 && &child == &tree.children.back();
      RecvReducePiece(builder, child.rank, dst, sum, ScheduleBuilder::Order::kMessageLast, CompletesIf(complete));
      sum = dst;
    }
    if (tree.parent >= 0) SendPiece(builder, tree.parent, sum);
    if (hands_over) SendPiece(builder, shape.root, sum);
    if (passes_on) RecvPiece(builder, 0, PieceOf(Output(0, shape.count), range));
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce
