// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/broadcast/double_tree.h"

#include <array>
#include <cstdint>
#include <utility>

#include "collectives/algorithms/broadcast/root_copy.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/double_tree.h"

namespace tutti::broadcast {
namespace {

constexpr uint64_t kDoubleTreeSegmentBytes = 128 * 1024;

}  // namespace

Schedule BuildDoubleTree(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const std::array<BinaryTreeNode, 2> nodes = RootedDoubleTreeOf(shape.num_ranks, shape.root, rank);
  const Region source = rank == shape.root ? Input(0, shape.count) : Output(0, shape.count);
  const uint64_t num_segments =
      NumSegmentsFor(shape, CeilDiv(shape.count, 2), kDoubleTreeSegmentBytes, /*steps_per_segment=*/4);
  for (uint64_t s = 0; s < num_segments; ++s) {
    for (size_t tree = 0; tree < 2; ++tree) {
      const BinaryTreeNode& node = nodes[tree];
      const Region piece = PieceOf(source, PartOf(PartOf({0, shape.count}, 2, tree), num_segments, s));
      if (node.parent >= 0) RecvPiece(builder, node.parent, piece);
      ScheduleBuilder::StepId sent = ScheduleBuilder::kNoStep;
      for (int c = 0; c < node.num_children; ++c) {
        sent = SendPiece(builder, node.children[static_cast<size_t>(c)], piece);
      }
      if (rank == shape.root) CopyToOutput(builder, shape, piece, sent);
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::broadcast
