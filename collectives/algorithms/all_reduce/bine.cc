// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/bine.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/all_reduce/circulant.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/bine_butterfly.h"
#include "collectives/patterns/circulant.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kBineSegmentBytes = 512 * 1024;

}  // namespace

Schedule BuildBine(const Shape& shape, int rank) {
  if (shape.num_ranks % 2 != 0) return BuildCirculant(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const Region input = Input(0, shape.count);
  const Region output = Output(0, shape.count);
  const std::vector<BineRound> rounds = BineRounds(n, rank);

  const auto pieces_of = [&](const CircularStretch& chunks) {
    std::vector<Range> pieces;
    for (const ChunkStretch& stretch : StretchesOf(n, /*rank=*/0, chunks.first, chunks.num)) {
      const Range whole = PartsOf({0, shape.count}, static_cast<uint64_t>(n), static_cast<uint64_t>(stretch.chunk),
                                  static_cast<uint64_t>(stretch.num));
      const uint64_t num_segments =
          NumSegmentsFor(shape, whole.count, kBineSegmentBytes, /*steps_per_segment=*/8 * rounds.size());
      for (uint64_t s = 0; s < num_segments; ++s) pieces.push_back(PartOf(whole, num_segments, s));
    }
    return pieces;
  };

  // If n is no power of two, the first round reduces only a part of what a rank keeps; later ones find all in the
  // output.
  const CircularStretch kept = rounds.back().held;
  const CircularStretch reduced = rounds.back().sent;
  const int waiting = (reduced.first == kept.first ? reduced.first + reduced.num : kept.first) % n;
  if (!shape.in_place) {
    for (const Range& piece : pieces_of({waiting, kept.num - reduced.num})) {
      builder.Copy(PieceOf(output, piece), PieceOf(input, piece));
    }
  }
  for (auto round = rounds.rbegin(); round != rounds.rend(); ++round) {
    const Region& source = round == rounds.rbegin() ? input : output;
    for (const Range& piece : pieces_of(round->received)) SendPiece(builder, round->partner, PieceOf(source, piece));
    for (const Range& piece : pieces_of(round->sent)) {
      RecvReducePiece(builder, round->partner, PieceOf(output, piece), PieceOf(source, piece),
                      ScheduleBuilder::Order::kMessageLast, CompletesIf(round + 1 == rounds.rend()));
    }
  }
  for (const BineRound& round : rounds) {
    for (const Range& piece : pieces_of(round.sent)) SendPiece(builder, round.partner, PieceOf(output, piece));
    for (const Range& piece : pieces_of(round.received)) RecvPiece(builder, round.partner, PieceOf(output, piece));
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
