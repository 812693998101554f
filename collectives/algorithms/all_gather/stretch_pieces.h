// SPDX-License-Identifier: Apache-2.0
// What an all-gather sends as one message or two: stretches of chunks at their places in the output, cut into segments.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_STRETCH_PIECES_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_STRETCH_PIECES_H_

#include <array>
#include <cstdint>
#include <vector>

#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/circulant.h"

namespace tutti::all_gather {

inline constexpr uint64_t kStretchSegmentBytes = 512 * 1024;

// Where there are so many rounds. A segment costs a rank two sends and two receives in each at most.
inline std::vector<Region> StretchPieces(const Shape& shape, const std::array<ChunkStretch, 2>& stretches,
                                         uint64_t num_rounds) {
  std::vector<Region> pieces;
  for (const ChunkStretch& stretch : stretches) {
    const Region whole =
        Output(static_cast<uint64_t>(stretch.chunk) * shape.count, static_cast<uint64_t>(stretch.num) * shape.count);
    const uint64_t num_segments =
        NumSegmentsFor(shape, whole.count, kStretchSegmentBytes, /*steps_per_segment=*/4 * num_rounds);
    for (uint64_t s = 0; s < num_segments; ++s) {
      pieces.push_back(PieceOf(whole, PartOf({0, whole.count}, num_segments, s)));
    }
  }
  return pieces;
}

}  // namespace tutti::all_gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_STRETCH_PIECES_H_
