// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/encoded_gather.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/all_reduce/encoded_pieces.h"
#include "collectives/algorithms/pieces.h"

namespace tutti::all_reduce {

Schedule BuildEncodedGather(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  const int n = shape.num_ranks;
  ScheduleBuilder builder(shape, rank);
  const uint64_t num_segments = NumSegmentsFor(shape, shape.count, kEncodedSegmentBytes, 4 * static_cast<uint64_t>(n));
  const uint64_t longest = PartOf({0, shape.count}, num_segments, 0).count;
  std::vector<std::vector<Region>> sets(std::min<uint64_t>(num_segments, kEncodedWindow));
  for (auto& set : sets) {
    for (int r = 0; r < n; ++r) set.push_back(builder.Slot(longest));
  }
  for (uint64_t s = 0; s < num_segments; ++s) {
    const Range piece = PartOf({0, shape.count}, num_segments, s);
    const auto slot_of = [&](int r) {
      Region slot = sets[s % sets.size()][static_cast<size_t>(r)];
      slot.count = piece.count;
      return slot;
    };
    const CodedSlice slice{piece.offset, false};
    builder.Encode(slot_of(rank), Input(piece.offset, piece.count), slice);
    for (int d = 1; d < n; ++d) SendPiece(builder, (rank + d) % n, slot_of(rank));
    for (int d = 1; d < n; ++d) RecvPiece(builder, (rank + n - d) % n, slot_of((rank + n - d) % n));
    DecodeInRankOrder(builder, n, Output(piece.offset, piece.count), slice, slot_of);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
