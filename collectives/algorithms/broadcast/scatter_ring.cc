// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/broadcast/scatter_ring.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/broadcast/root_copy.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/knomial_tree.h"
#include "collectives/patterns/ring.h"

namespace tutti::broadcast {
namespace {

constexpr uint64_t kScatterRingSegmentBytes = 256 * 1024;

// Chunks are numbered by relative rank, so a subtree's chunks lie side by side.
bool HoldsAfterScatter(const KnomialTree& place, int chunk) {
  return chunk >= place.relative && chunk < place.relative + place.subtree_size;
}

}  // namespace

Schedule BuildScatterRing(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const uint64_t n = static_cast<uint64_t>(shape.num_ranks);
  const bool is_root = rank == shape.root;
  const Region source = is_root ? Input(0, shape.count) : Output(0, shape.count);
  const KnomialTree place = KnomialTreeOf(shape.num_ranks, shape.root, /*radix=*/2, rank);

  const auto scattered_pieces = [&](int relative, int subtree_size) {
    const Range whole =
        PartsOf({0, shape.count}, n, static_cast<uint64_t>(relative), static_cast<uint64_t>(subtree_size));
    const uint64_t num_segments =
        NumSegmentsFor(shape, whole.count, kScatterRingSegmentBytes, /*steps_per_segment=*/32);
    std::vector<Region> pieces;
    for (uint64_t s = 0; s < num_segments; ++s) pieces.push_back(PieceOf(source, PartOf(whole, num_segments, s)));
    return pieces;
  };
  if (!is_root) {
    for (const Region& piece : scattered_pieces(place.relative, place.subtree_size)) {
      RecvPiece(builder, place.parent, piece);
    }
  }
  for (const KnomialTree::Child& child : place.children) {
    for (const Region& piece : scattered_pieces(child.relative, child.subtree_size)) {
      const ScheduleBuilder::StepId sent = SendPiece(builder, child.rank, piece);
      if (is_root) CopyToOutput(builder, shape, piece, sent);
    }
  }
  if (is_root) CopyToOutput(builder, shape, PieceOf(source, PartOf({0, shape.count}, n, 0)), ScheduleBuilder::kNoStep);

  const Ring ring(shape.num_ranks, place.relative, /*shift=*/0);
  const auto rank_of = [&](int relative) { return (relative + shape.root) % shape.num_ranks; };
  const int next = rank_of(ring.next());
  const KnomialTree next_place = KnomialTreeOf(shape.num_ranks, shape.root, /*radix=*/2, next);
  const uint64_t num_segments =
      NumSegmentsFor(shape, CeilDiv(shape.count, n), kScatterRingSegmentBytes, /*steps_per_segment=*/2 * (n - 1));
  for (int round = 0; round < ring.num_rounds(); ++round) {
    const int sent = ring.SentChunk(round);
    const int received = ring.ReceivedChunk(round);
    for (uint64_t s = 0; s < num_segments; ++s) {
      const auto piece_of = [&](int chunk) {
        return PieceOf(source, PartOf(PartOf({0, shape.count}, n, static_cast<uint64_t>(chunk)), num_segments, s));
      };
      if (!HoldsAfterScatter(next_place, sent)) SendPiece(builder, next, piece_of(sent));
      if (!HoldsAfterScatter(place, received)) RecvPiece(builder, rank_of(ring.previous()), piece_of(received));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::broadcast
