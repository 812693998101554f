// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/direct.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kDirectSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildDirect(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const auto ranks = static_cast<uint64_t>(n);
  const uint64_t longest = CeilDiv(shape.count, ranks);
  const uint64_t num_segments = NumSegmentsFor(shape, longest, kDirectSegmentBytes, /*steps_per_segment=*/4 * ranks);
  // Segment `s` of the chunk that rank `owner` reduces.
  const auto piece = [&](int owner, uint64_t s) {
    return PartOf(PartOf({0, shape.count}, ranks, static_cast<uint64_t>(owner)), num_segments, s);
  };
  const Region input = Input(0, shape.count);
  const Region output = Output(0, shape.count);
  const uint64_t own_count = PartOf({0, shape.count}, ranks, static_cast<uint64_t>(rank)).count;
  const uint64_t slot = CeilDiv(own_count, num_segments);

  std::vector<Region> contributions(ranks);
  for (uint64_t s = 0; s < num_segments; ++s) {
    const Range own = piece(rank, s);
    for (int r = 0; r < n; ++r) {
      Region& contribution = contributions[static_cast<size_t>(r)];
      contribution = PieceOf(input, own);
      if (r == rank || own.count == 0) continue;
      contribution = builder.Scratch(slot);
      contribution.count = own.count;
    }
    // Everyone begins with the rank after its own, so that no rank is everyone's first target.
    for (int distance = 1; distance < n; ++distance) {
      const int source = (rank + n - distance) % n;
      RecvPiece(builder, source, contributions[static_cast<size_t>(source)]);
    }
    for (int distance = 1; distance < n; ++distance) {
      const int target = (rank + distance) % n;
      SendPiece(builder, target, PieceOf(input, piece(target, s)));
    }
    builder.Reduce(PieceOf(output, own), contributions, ScheduleBuilder::Completes::kYes);
  }
  for (uint64_t s = 0; s < num_segments; ++s) {
    for (int distance = 1; distance < n; ++distance) {
      SendPiece(builder, (rank + distance) % n, PieceOf(output, piece(rank, s)));
    }
    for (int distance = 1; distance < n; ++distance) {
      const int source = (rank + n - distance) % n;
      RecvPiece(builder, source, PieceOf(output, piece(source, s)));
    }
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
