// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_gather/ring.h"

#include <cstdint>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/ring.h"

namespace tutti::all_gather {
namespace {

constexpr uint64_t kDefaultSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildRing(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const uint64_t n = static_cast<uint64_t>(shape.num_ranks);
  const Ring ring(shape.num_ranks, rank, /*shift=*/0);
  const uint64_t num_segments =
      NumSegmentsFor(shape, shape.count, kDefaultSegmentBytes, /*steps_per_segment=*/2 * (n - 1));
  const auto chunk = [&](int index) { return Output(static_cast<uint64_t>(index) * shape.count, shape.count); };
  for (int round = 0; round < ring.num_rounds(); ++round) {
    const Region sent = round == 0 ? Input(0, shape.count) : chunk(ring.SentChunk(round));
    const Region received = chunk(ring.ReceivedChunk(round));
    for (uint64_t s = 0; s < num_segments; ++s) {
      const Range segment = PartOf({0, shape.count}, num_segments, s);
      const ScheduleBuilder::StepId sending = SendPiece(builder, ring.next(), PieceOf(sent, segment));
      // A long copy would hold up the sends; a segment's copy after its send goes along with them.
      if (round == 0 && !shape.in_place) builder.Copy(PieceOf(chunk(rank), segment), PieceOf(sent, segment), {sending});
      RecvPiece(builder, ring.previous(), PieceOf(received, segment));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_gather
