// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/double_tree.h"

#include <array>
#include <cstdint>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/double_tree.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kDoubleTreeSegmentBytes = 128 * 1024;

}  // namespace

Schedule BuildDoubleTree(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const Region input = Input(0, shape.count);
  const Region output = Output(0, shape.count);
  const std::array<BinaryTreeNode, 2> nodes = DoubleTreeOf(shape.num_ranks, rank);
  const uint64_t num_segments =
      NumSegmentsFor(shape, CeilDiv(shape.count, 2), kDoubleTreeSegmentBytes, /*steps_per_segment=*/8);
  const auto segment_of = [&](size_t tree, uint64_t segment) {
    return PartOf(PartOf({0, shape.count}, 2, tree), num_segments, segment);
  };

  const auto go_up = [&](size_t tree, uint64_t segment) {
    const BinaryTreeNode& node = nodes[tree];
    const Range range = segment_of(tree, segment);
    Region sum = PieceOf(input, range);
    for (int c = 0; c < node.num_children; ++c) {
      const bool complete = node.parent < 0 && c == node.num_children - 1;
      RecvReducePiece(builder, node.children[static_cast<size_t>(c)], PieceOf(output, range), sum,
                      ScheduleBuilder::Order::kMessageLast, CompletesIf(complete));
      sum = PieceOf(output, range);
    }
    if (node.parent >= 0) SendPiece(builder, node.parent, sum);
  };
  const auto go_down = [&](size_t tree, uint64_t segment) {
    const BinaryTreeNode& node = nodes[tree];
    const Region result = PieceOf(output, segment_of(tree, segment));
    if (node.parent >= 0) RecvPiece(builder, node.parent, result);
    for (int c = 0; c < node.num_children; ++c) SendPiece(builder, node.children[static_cast<size_t>(c)], result);
  };

  // Two ranks may be each other's parents. All list what they exchange in this one order, by turn, so messages match,
  // and even an engine that posts receives one after the other neither stalls the pipeline nor deadlocks.
  const uint64_t lag = static_cast<uint64_t>(DoubleTreeHeight(shape.num_ranks));
  for (uint64_t turn = 0; turn < num_segments + lag; ++turn) {
    for (size_t tree = 0; tree < 2 && turn < num_segments; ++tree) go_up(tree, turn);
    for (size_t tree = 0; tree < 2 && turn >= lag; ++tree) go_down(tree, turn - lag);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
