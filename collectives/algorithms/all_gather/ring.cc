// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_gather/ring.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/rank_order.h"
#include "collectives/patterns/ring.h"

namespace tutti::all_gather {
namespace {

constexpr uint64_t kRingSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildRing(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region own = InputBlock(shape, rank, rank);
  const RankOrder order(shape);
  const int place = order.PlaceOf(rank);
  const Ring ring(shape.num_ranks, place, /*shift=*/0);
  const int next = order.RankAt(ring.next());
  const int previous = order.RankAt(ring.previous());
  std::vector<Region> chunks;  // by place in the ring
  uint64_t longest = 0;
  for (int i = 0; i < shape.num_ranks; ++i) {
    chunks.push_back(OutputBlock(shape, rank, order.RankAt(i)));
    longest = std::max(longest, chunks.back().count);
  }
  if (shape.num_ranks == 1) {
    if (!shape.in_place) builder.Copy(chunks[0], own);
    return std::move(builder).Build();
  }
  const uint64_t num_segments = NumSegmentsFor(shape, longest, kRingSegmentBytes,
                                               /*steps_per_segment=*/2 * static_cast<uint64_t>(ring.num_rounds()));
  const auto segment_of = [num_segments](const Region& chunk, uint64_t s) {
    return PieceOf(chunk, PartOf({0, chunk.count}, num_segments, s));
  };
  for (int round = 0; round < ring.num_rounds(); ++round) {
    const Region& sent = round == 0 ? own : chunks[static_cast<size_t>(ring.SentChunk(round))];
    const Region& received = chunks[static_cast<size_t>(ring.ReceivedChunk(round))];
    for (uint64_t s = 0; s < num_segments; ++s) {
      const ScheduleBuilder::StepId sending = SendPiece(builder, next, segment_of(sent, s));
      // A long copy would hold up the sends; a segment's copy after its send goes along with them.
      if (round == 0 && !shape.in_place) {
        builder.Copy(segment_of(chunks[static_cast<size_t>(place)], s), segment_of(sent, s), {sending});
      }
      RecvPiece(builder, previous, segment_of(received, s));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_gather
