// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce/along_tree.h"

#include <cstdint>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/segment_slots.h"

namespace tutti::reduce {
namespace {

constexpr uint64_t kAlongTreeSegmentBytes = 256 * 1024;

}  // namespace

Schedule AlongTree(const Shape& shape, int rank, int parent, const std::vector<int>& children) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const uint64_t num_segments =
      NumSegmentsFor(shape, shape.count, kAlongTreeSegmentBytes, /*steps_per_segment=*/children.size() + 1);
  const bool has_scratch = parent >= 0 && !children.empty();
  const SegmentSlots slots(builder, has_scratch ? shape.count : 0, num_segments);

  for (uint64_t s = 0; s < num_segments; ++s) {
    const Range range = PartOf({0, shape.count}, num_segments, s);
    const Region dst = parent < 0 ? PieceOf(Output(0, shape.count), range) : slots.Of(s, range.count);
    Region sum = PieceOf(Input(0, shape.count), range);
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      const bool complete = parent < 0 && child + 1 == children.rend();
      RecvReducePiece(builder, *child, dst, sum, ScheduleBuilder::Order::kMessageLast, CompletesIf(complete));
      sum = dst;
    }
    if (parent >= 0) SendPiece(builder, parent, sum);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce
