// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/bine.h"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"
#include "collectives/algorithms/reduce_scatter/circulant.h"
#include "collectives/patterns/bine_butterfly.h"
#include "collectives/patterns/circulant.h"

namespace tutti::reduce_scatter {
namespace {

constexpr uint64_t kBineSegmentBytes = 512 * 1024;

}  // namespace

Schedule BuildBine(const Shape& shape, int rank) {
  if (shape.num_ranks % 2 != 0) return BuildCirculant(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const uint64_t count = shape.count;
  const std::vector<BineRound> rounds = BineRounds(n, rank);
  // What the first round leaves to be worked on. Alone with one partner the result needs no stop on the way.
  const CircularStretch kept = rounds.back().held;
  const uint64_t own_place = static_cast<uint64_t>((rank - kept.first + n) % n) * count;
  const Region scratch = rounds.size() > 1 ? builder.Scratch(static_cast<uint64_t>(kept.num) * count) : Region{};

  // Chunks cut into segments, which lie side by side in scratch, and in the input up to its end. Both ends of a message
  // cut alike: in the first round they see the same chunks, later on the same number of them.
  struct Piece {
    uint64_t input = 0;  // place in the input; of no meaning after the first round
    uint64_t place = 0;  // in scratch; of no meaning for chunks that are not kept
    uint64_t count = 0;
  };
  const auto pieces_of = [&](const CircularStretch& chunks, bool in_input) {
    std::array<ChunkStretch, 2> stretches = {ChunkStretch{0, chunks.first, chunks.num}, ChunkStretch{}};
    if (in_input) stretches = StretchesOf(n, /*rank=*/0, chunks.first, chunks.num);
    std::vector<Piece> pieces;
    for (const ChunkStretch& stretch : stretches) {
      const uint64_t elements = static_cast<uint64_t>(stretch.num) * count;
      const uint64_t place = static_cast<uint64_t>((stretch.chunk - kept.first + n) % n) * count;
      const uint64_t num_segments =
          NumSegmentsFor(shape, elements, kBineSegmentBytes, /*steps_per_segment=*/4 * rounds.size());
      for (uint64_t s = 0; s < num_segments; ++s) {
        const Range part = PartOf({0, elements}, num_segments, s);
        pieces.push_back({static_cast<uint64_t>(stretch.chunk) * count + part.offset, place + part.offset, part.count});
      }
    }
    return pieces;
  };

  // If n is no power of two, some of what is kept is first sent on, or reduced, in a later round.
  const CircularStretch reduced = rounds.back().sent;
  const int waiting = (reduced.first == kept.first ? reduced.first + reduced.num : kept.first) % n;
  for (const Piece& piece : pieces_of({waiting, kept.num - reduced.num}, /*in_input=*/true)) {
    builder.Copy(PieceOf(scratch, {piece.place, piece.count}), Input(piece.input, piece.count));
  }
  for (auto round = rounds.rbegin(); round != rounds.rend(); ++round) {
    const bool first = round == rounds.rbegin();
    const bool last = round + 1 == rounds.rend();
    const auto source_of = [&](const Piece& piece) {
      return first ? Input(piece.input, piece.count) : PieceOf(scratch, {piece.place, piece.count});
    };
    for (const Piece& piece : pieces_of(round->received, first)) SendPiece(builder, round->partner, source_of(piece));
    for (const Piece& piece : pieces_of(round->sent, first)) {
      // In the last round that is the rank's own chunk.
      const Region dst =
          last ? Output(piece.place - own_place, piece.count) : PieceOf(scratch, {piece.place, piece.count});
      RecvReducePiece(builder, round->partner, dst, source_of(piece), ScheduleBuilder::Order::kMessageLast,
                      CompletesIf(last));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce_scatter
