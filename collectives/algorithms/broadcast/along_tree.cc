// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/broadcast/along_tree.h"

#include <cstdint>
#include <utility>

#include "collectives/algorithms/broadcast/root_copy.h"
#include "collectives/algorithms/pieces.h"

namespace tutti::broadcast {
namespace {

constexpr uint64_t kAlongTreeSegmentBytes = 256 * 1024;

}  // namespace

Schedule AlongTree(const Shape& shape, int rank, int parent, const std::vector<int>& children) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const Region source = rank == shape.root ? Input(0, shape.count) : Output(0, shape.count);
  const uint64_t num_segments =
      NumSegmentsFor(shape, shape.count, kAlongTreeSegmentBytes, /*steps_per_segment=*/children.size() + 1);
  for (uint64_t s = 0; s < num_segments; ++s) {
    const Region piece = PieceOf(source, PartOf({0, shape.count}, num_segments, s));
    if (parent >= 0) RecvPiece(builder, parent, piece);
    ScheduleBuilder::StepId sent = ScheduleBuilder::kNoStep;
    for (int child : children) sent = SendPiece(builder, child, piece);
    if (rank == shape.root) CopyToOutput(builder, shape, piece, sent);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::broadcast
