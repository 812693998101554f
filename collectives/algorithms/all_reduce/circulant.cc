// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/circulant.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/circulant.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kCirculantSegmentBytes = 512 * 1024;

}  // namespace

Schedule BuildCirculant(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const Region input = Input(0, shape.count);
  const Region output = Output(0, shape.count);
  const std::vector<CirculantRound> rounds = CirculantRounds(n, rank);

  // Relative chunks [first, first + num), cut into segments; those of the highest chunks first, as they travel
  // furthest.
  const auto pieces_of = [&](int first, int num) {
    std::vector<Range> pieces;
    const auto stretches = StretchesOf(n, rank, first, num);
    for (auto stretch = stretches.rbegin(); stretch != stretches.rend(); ++stretch) {
      const Range whole = PartsOf({0, shape.count}, static_cast<uint64_t>(n), static_cast<uint64_t>(stretch->chunk),
                                  static_cast<uint64_t>(stretch->num));
      const uint64_t num_segments =
          NumSegmentsFor(shape, whole.count, kCirculantSegmentBytes, /*steps_per_segment=*/8 * rounds.size());
      for (uint64_t s = num_segments; s-- > 0;) pieces.push_back(PartOf(whole, num_segments, s));
    }
    return pieces;
  };

  if (n % 2 != 0 && !shape.in_place) {
    for (const Range& piece : pieces_of(n / 2, 1)) builder.Copy(PieceOf(output, piece), PieceOf(input, piece));
  }
  // The first round reduces every chunk that is ever reduced here, so later ones find all partial sums in the output.
  for (const CirculantRound& round : rounds) {
    const Region& source = &round == &rounds.front() ? input : output;
    for (const Range& piece : pieces_of(round.skip, round.num_chunks())) {
      SendPiece(builder, round.forward, PieceOf(source, piece));
    }
    for (const Range& piece : pieces_of(0, round.num_chunks())) {
      RecvReducePiece(builder, round.backward, PieceOf(output, piece), PieceOf(source, piece),
                      ScheduleBuilder::Order::kMessageLast, CompletesIf(&round == &rounds.back()));
    }
  }
  for (auto round = rounds.rbegin(); round != rounds.rend(); ++round) {
    for (const Range& piece : pieces_of(0, round->num_chunks())) {
      SendPiece(builder, round->backward, PieceOf(output, piece));
    }
    for (const Range& piece : pieces_of(round->skip, round->num_chunks())) {
      RecvPiece(builder, round->forward, PieceOf(output, piece));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
