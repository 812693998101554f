// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/ring.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/rank_order.h"
#include "collectives/patterns/ring.h"

namespace tutti::reduce_scatter {
namespace {

constexpr uint64_t kRingSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildRing(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const uint64_t n = static_cast<uint64_t>(shape.num_ranks);
  const RankOrder order(shape);
  const int place = order.PlaceOf(rank);
  // So that the last chunk to arrive is the rank's own.
  const Ring ring(shape.num_ranks, place, /*shift=*/-1);
  const int next = order.RankAt(ring.next());
  const int previous = order.RankAt(ring.previous());
  const uint64_t num_segments =
      NumSegmentsFor(shape, shape.count, kRingSegmentBytes, /*steps_per_segment=*/2 * (n - 1));
  // All rounds but the last make partial sums.
  std::array<Region, 2> partial;
  for (uint64_t i = 0; i < std::min<uint64_t>(2, n - 2); ++i) partial[i] = builder.Scratch(shape.count);

  const auto input_chunk = [&](int index) {
    return Input(static_cast<uint64_t>(order.RankAt(index)) * shape.count, shape.count);
  };
  for (int round = 0; round < ring.num_rounds(); ++round) {
    const bool last = round == ring.num_rounds() - 1;
    const Region sent = round == 0 ? input_chunk(ring.SentChunk(0)) : partial[static_cast<size_t>(round - 1) % 2];
    const Region received = input_chunk(ring.ReceivedChunk(round));
    const Region dst = last ? Output(0, shape.count) : partial[static_cast<size_t>(round) % 2];
    for (uint64_t s = 0; s < num_segments; ++s) {
      const Range segment = PartOf({0, shape.count}, num_segments, s);
      SendPiece(builder, next, PieceOf(sent, segment));
      RecvReducePiece(builder, previous, PieceOf(dst, segment), PieceOf(received, segment),
                      ScheduleBuilder::Order::kMessageFirst, CompletesIf(last));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce_scatter
