// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce/binomial.h"

#include <cstdint>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/segment_slots.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti::reduce {
namespace {

constexpr uint64_t kDefaultSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildBinomial(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const KnomialTree tree = KnomialTreeOf(shape.num_ranks, shape.root, /*radix=*/2, rank);
  const uint64_t num_segments =
      NumSegmentsFor(shape, shape.count, kDefaultSegmentBytes, /*steps_per_segment=*/tree.children.size() + 1);
  const bool has_scratch = tree.parent >= 0 && !tree.children.empty();
  const SegmentSlots slots(builder, has_scratch ? shape.count : 0, num_segments);

  for (uint64_t s = 0; s < num_segments; ++s) {
    const Range range = PartOf({0, shape.count}, num_segments, s);
    const Region dst = tree.parent < 0 ? PieceOf(Output(0, shape.count), range) : slots.Of(s, range.count);
    Region sum = PieceOf(Input(0, shape.count), range);
    // The smallest subtrees are done first.
    for (auto child = tree.children.rbegin(); child != tree.children.rend(); ++child) {
      const bool complete = tree.parent < 0 && child + 1 == tree.children.rend();
      RecvReducePiece(builder, child->rank, dst, sum, ScheduleBuilder::Order::kMessageLast, CompletesIf(complete));
      sum = dst;
    }
    if (tree.parent >= 0) SendPiece(builder, tree.parent, sum);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce
