// SPDX-License-Identifier: Apache-2.0
// What the algorithms with codecs share.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_PIECES_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_PIECES_H_

#include <cstdint>

#include "collectives/algorithms/pieces.h"
#include "collectives/schedule/builder.h"

namespace tutti::all_reduce {

// Of values, before they are encoded: a fraction of a millisecond's work for a codec, and still a message worth sending
// when it is a tenth as long.
inline constexpr uint64_t kEncodedSegmentBytes = 256 * 1024;

// How many segments may be on their way at once. More would only need more memory.
inline constexpr uint64_t kEncodedWindow = 8;

// values = the sum over all ranks of what slot_of(rank) holds. In rank order: the same bits whoever does it.
template <typename SlotOf>
void DecodeInRankOrder(ScheduleBuilder& builder, int num_ranks, const Region& values, CodedSlice slice,
                       SlotOf slot_of) {
  builder.Decode(values, slot_of(0), slice);
  for (int r = 1; r < num_ranks; ++r) {
    builder.DecodeReduce(values, slot_of(r), slice, CompletesIf(r == num_ranks - 1));
  }
}

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_PIECES_H_
