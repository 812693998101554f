// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/ring.h"

#include <utility>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/rank_order.h"
#include "collectives/patterns/ring.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kRingSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildRing(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const uint64_t n = static_cast<uint64_t>(shape.num_ranks);
  const Region input = Input(0, shape.count);
  const Region output = Output(0, shape.count);
  const uint64_t num_segments =
      NumSegmentsFor(shape, CeilDiv(shape.count, n), kRingSegmentBytes, /*steps_per_segment=*/4 * (n - 1));
  const auto segment_of = [&](int chunk, uint64_t segment) {
    return PartOf(PartOf({0, shape.count}, n, static_cast<uint64_t>(chunk)), num_segments, segment);
  };

  const RankOrder order(shape);
  const int place = order.PlaceOf(rank);
  const Ring reducing(shape.num_ranks, place, /*shift=*/0);
  const int next = order.RankAt(reducing.next());
  const int previous = order.RankAt(reducing.previous());
  for (int round = 0; round < reducing.num_rounds(); ++round) {
    const bool last = round == reducing.num_rounds() - 1;
    for (uint64_t s = 0; s < num_segments; ++s) {
      const Range sent = segment_of(reducing.SentChunk(round), s);
      const Range received = segment_of(reducing.ReceivedChunk(round), s);
      SendPiece(builder, next, PieceOf(round == 0 ? input : output, sent));
      RecvReducePiece(builder, previous, PieceOf(output, received), PieceOf(input, received),
                      ScheduleBuilder::Order::kMessageFirst, CompletesIf(last));
    }
  }
  // Each rank begins with the chunk that it has just completed.
  const Ring gathering(shape.num_ranks, place, /*shift=*/1);
  for (int round = 0; round < gathering.num_rounds(); ++round) {
    for (uint64_t s = 0; s < num_segments; ++s) {
      SendPiece(builder, next, PieceOf(output, segment_of(gathering.SentChunk(round), s)));
      RecvPiece(builder, previous, PieceOf(output, segment_of(gathering.ReceivedChunk(round), s)));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
