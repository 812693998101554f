// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/pairwise.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"

namespace tutti::reduce_scatter {
namespace {

constexpr uint64_t kPairwiseSegmentBytes = 256 * 1024;

}  // namespace

Schedule BuildPairwise(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const Region own = OutputBlock(shape, rank, rank);
  if (n == 1) {
    if (!shape.in_place) builder.Copy(own, InputBlock(shape, rank, rank));
    return std::move(builder).Build();
  }
  std::vector<Region> blocks;         // to be sent, by target
  std::vector<Region> contributions;  // by source
  uint64_t longest = 0;
  for (int r = 0; r < n; ++r) {
    blocks.push_back(InputBlock(shape, rank, r));
    longest = std::max(longest, blocks.back().count);
    contributions.push_back(r == rank ? blocks.back() : builder.Scratch(own.count));
  }
  const uint64_t num_segments =
      NumSegmentsFor(shape, longest, kPairwiseSegmentBytes, /*steps_per_segment=*/2 * static_cast<uint64_t>(n));
  std::vector<Region> pieces(contributions.size());
  for (uint64_t s = 0; s < num_segments; ++s) {
    const Range segment = PartOf({0, own.count}, num_segments, s);
    for (size_t r = 0; r < pieces.size(); ++r) pieces[r] = PieceOf(contributions[r], segment);
    // Everyone begins with the rank after its own, so that no rank is everyone's first target.
    for (int distance = 1; distance < n; ++distance) {
      const int source = (rank + n - distance) % n;
      RecvPiece(builder, source, pieces[static_cast<size_t>(source)]);
    }
    for (int distance = 1; distance < n; ++distance) {
      const Region& block = blocks[static_cast<size_t>((rank + distance) % n)];
      SendPiece(builder, (rank + distance) % n, PieceOf(block, PartOf({0, block.count}, num_segments, s)));
    }
    builder.Reduce(PieceOf(own, segment), pieces, ScheduleBuilder::Completes::kYes);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce_scatter
