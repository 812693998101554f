// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/circulant.h"

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/circulant.h"

namespace tutti::reduce_scatter {
namespace {

constexpr uint64_t kCirculantSegmentBytes = 512 * 1024;

}  // namespace

Schedule BuildCirculant(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const uint64_t count = shape.count;
  const std::vector<CirculantRound> rounds = CirculantRounds(n, rank);

  // Runs of `num` relative chunks from `first` on that lie side by side in the input, and in scratch anyway; cut into
  // segments, the highest first, as they travel furthest. Both ends of a message cut alike: in the first round they see
  // the same real chunks, later on the same number of them.
  struct Piece {
    uint64_t input = 0;     // place in the input; of no meaning after the first round
    uint64_t relative = 0;  // place in the chunks in relative order
    uint64_t count = 0;
  };
  const auto pieces_of = [&](int first, int num, bool in_input) {
    std::array<ChunkStretch, 2> stretches = {ChunkStretch{first, 0, num}, ChunkStretch{}};
    if (in_input) stretches = StretchesOf(n, rank, first, num);
    std::vector<Piece> pieces;
    for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
      const uint64_t elements = static_cast<uint64_t>(stretch->num) * count;
      const uint64_t num_segments =
          NumSegmentsFor(shape, elements, kCirculantSegmentBytes, /*steps_per_segment=*/4 * rounds.size());
      for (uint64_t s = num_segments; s-- > 0;) {
        const Range part = PartOf({0, elements}, num_segments, s);
        pieces.push_back({static_cast<uint64_t>(stretch->chunk) * count + part.offset,
                          static_cast<uint64_t>(stretch->relative) * count + part.offset, part.count});
      }
    }
    return pieces;
  };

  // Relative chunks below the first skip are worked on; alone with one partner the result needs no stop on the way.
  const Region scratch = rounds.size() > 1 ? builder.Scratch(static_cast<uint64_t>(rounds[0].skip) * count) : Region{};
  if (n % 2 != 0) {
    // The only chunk that is sent on without ever having been reduced with the input.
    for (const Piece& piece : pieces_of(n / 2, 1, /*in_input=*/true)) {
      builder.Copy(PieceOf(scratch, {piece.relative, piece.count}), Input(piece.input, piece.count));
    }
  }
  for (const CirculantRound& round : rounds) {
    const bool first = &round == &rounds.front();
    const bool last = &round == &rounds.back();
    const auto source_of = [&](const Piece& piece) {
      return first ? Input(piece.input, piece.count) : PieceOf(scratch, {piece.relative, piece.count});
    };
    for (const Piece& piece : pieces_of(round.skip, round.num_chunks(), first)) {
      SendPiece(builder, round.forward, source_of(piece));
    }
    for (const Piece& piece : pieces_of(0, round.num_chunks(), first)) {
      const Region dst = PieceOf(last ? Output(0, count) : scratch, {piece.relative, piece.count});
      RecvReducePiece(builder, round.backward, dst, source_of(piece), ScheduleBuilder::Order::kMessageLast,
                      CompletesIf(last));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce_scatter
