// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce/double_tree.h"

#include <array>
#include <cstdint>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/segment_slots.h"
#include "collectives/patterns/double_tree.h"

namespace tutti::reduce {
namespace {

constexpr uint64_t kDoubleTreeSegmentBytes = 128 * 1024;

}  // namespace

Schedule BuildDoubleTree(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const std::array<BinaryTreeNode, 2> nodes = RootedDoubleTreeOf(shape.num_ranks, shape.root, rank);
  const bool is_root = rank == shape.root;
  const uint64_t half = CeilDiv(shape.count, 2);
  const uint64_t num_segments = NumSegmentsFor(shape, half, kDoubleTreeSegmentBytes, /*steps_per_segment=*/4);
  // One tree at most makes partial sums here.
  const bool has_scratch = !is_root && nodes[0].num_children + nodes[1].num_children > 0;
  const SegmentSlots slots(builder, has_scratch ? half : 0, num_segments);

  for (uint64_t s = 0; s < num_segments; ++s) {
    for (size_t tree = 0; tree < 2; ++tree) {
      const BinaryTreeNode& node = nodes[tree];
      const Range range = PartOf(PartOf({0, shape.count}, 2, tree), num_segments, s);
      Region sum = PieceOf(Input(0, shape.count), range);
      for (int c = 0; c < node.num_children; ++c) {
        const Region dst = is_root ? PieceOf(Output(0, shape.count), range) : slots.Of(s, range.count);
        RecvReducePiece(builder, node.children[static_cast<size_t>(c)], dst, sum, ScheduleBuilder::Order::kMessageLast,
                        CompletesIf(is_root));
        sum = dst;
      }
      if (node.parent >= 0) SendPiece(builder, node.parent, sum);
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce
