// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_gather/bine.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/all_gather/circulant.h"
#include "collectives/algorithms/all_gather/stretch_pieces.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/bine_butterfly.h"
#include "collectives/patterns/circulant.h"

namespace tutti::all_gather {

Schedule BuildBine(const Shape& shape, int rank) {
  if (shape.num_ranks % 2 != 0) return BuildCirculant(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const std::vector<BineRound> rounds = BineRounds(shape.num_ranks, rank);
  const auto pieces_of = [&](const CircularStretch& chunks) {
    return StretchPieces(shape, StretchesOf(shape.num_ranks, /*rank=*/0, chunks.first, chunks.num), rounds.size());
  };

  const uint64_t own = static_cast<uint64_t>(rank) * shape.count;
  if (!shape.in_place) builder.Copy(Output(own, shape.count), Input(0, shape.count));
  for (const BineRound& round : rounds) {
    for (Region piece : pieces_of(round.sent)) {
      // The rank's own chunk alone need not wait for the copy.
      if (round.held.num == 1) piece = Input(piece.offset - own, piece.count);
      SendPiece(builder, round.partner, piece);
    }
    for (const Region& piece : pieces_of(round.received)) RecvPiece(builder, round.partner, piece);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_gather
