// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/pairwise.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"

namespace tutti::reduce_scatter {
namespace {

constexpr uint64_t kDefaultSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildPairwise(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const auto chunk_of = [&](int r) { return Input(static_cast<uint64_t>(r) * shape.count, shape.count); };
  std::vector<Region> contributions(static_cast<size_t>(n), chunk_of(rank));
  for (int r = 0; r < n; ++r) {
    if (r != rank) contributions[static_cast<size_t>(r)] = builder.Scratch(shape.count);
  }
  const uint64_t num_segments =
      NumSegmentsFor(shape, shape.count, kDefaultSegmentBytes, /*steps_per_segment=*/2 * static_cast<uint64_t>(n));
  std::vector<Region> pieces(contributions.size());
  for (uint64_t s = 0; s < num_segments; ++s) {
    const Range segment = PartOf({0, shape.count}, num_segments, s);
    for (size_t r = 0; r < pieces.size(); ++r) pieces[r] = PieceOf(contributions[r], segment);
    // Everyone begins with the rank after its own, so that no rank is everyone's first target.
    for (int distance = 1; distance < n; ++distance) {
      const int source = (rank + n - distance) % n;
      RecvPiece(builder, source, pieces[static_cast<size_t>(source)]);
    }
    for (int distance = 1; distance < n; ++distance) {
      const int target = (rank + distance) % n;
      SendPiece(builder, target, PieceOf(chunk_of(target), segment));
    }
    builder.Reduce(PieceOf(Output(0, shape.count), segment), pieces, ScheduleBuilder::Completes::kYes);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce_scatter
