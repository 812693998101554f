// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_gather/circulant.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/all_gather/stretch_pieces.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/circulant.h"

namespace tutti::all_gather {

Schedule BuildCirculant(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const std::vector<CirculantRound> rounds = CirculantRounds(n, rank);
  const auto pieces_of = [&](int first, int num) {
    return StretchPieces(shape, StretchesOf(n, rank, first, num), rounds.size());
  };

  const uint64_t own = static_cast<uint64_t>(rank) * shape.count;
  if (!shape.in_place) builder.Copy(Output(own, shape.count), Input(0, shape.count));
  for (auto round = rounds.rbegin(); round != rounds.rend(); ++round) {
    for (Region piece : pieces_of(0, round->num_chunks())) {
      // The rank's own chunk alone need not wait for the copy.
      if (round->num_chunks() == 1) piece = Input(piece.offset - own, piece.count);
      SendPiece(builder, round->backward, piece);
    }
    for (const Region& piece : pieces_of(round->skip, round->num_chunks())) RecvPiece(builder, round->forward, piece);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_gather
