// SPDX-License-Identifier: Apache-2.0
// How a vector is cut. A chunk is an algorithm's unit of data (often one per rank); a segment is a chunk's pipelined
// piece.
//
//   count 11, 4 chunks:   |0 1 2|3 4 5|6 7 8|9 10|     sizes differ by one at most, the larger ones come first
//
// Both are computed in constant time from the counts alone, so all ranks cut alike. Knows nothing of ranks or messages.
#ifndef TUTTI_COLLECTIVES_PATTERNS_CHUNKING_H_
#define TUTTI_COLLECTIVES_PATTERNS_CHUNKING_H_

#include <algorithm>
#include <cstdint>

#include "lib/base/align.h"

namespace tutti {

// Elements [offset, offset + count).
struct Range {
  uint64_t offset = 0;
  uint64_t count = 0;

  uint64_t end() const { return offset + count; }
  friend bool operator==(const Range&, const Range&) = default;
};

// Part `index` of `num_parts` near-equal consecutive parts of `whole`. 0 <= index < num_parts. Parts may be empty.
constexpr Range PartOf(Range whole, uint64_t num_parts, uint64_t index) {
  const uint64_t least = whole.count / num_parts;
  const uint64_t larger = whole.count % num_parts;
  return {whole.offset + index * least + std::min(index, larger), least + (index < larger ? 1 : 0)};
}

// Parts [first, first + num) of `num_parts` together.
constexpr Range PartsOf(Range whole, uint64_t num_parts, uint64_t first, uint64_t num) {
  if (num == 0) return {whole.offset, 0};
  const Range begin = PartOf(whole, num_parts, first);
  return {begin.offset, PartOf(whole, num_parts, first + num - 1).end() - begin.offset};
}

// Into how many segments of about segment_bytes to cut a chunk: at least 1, at most max_segments, at most one per
// element. segment_bytes > 0, max_segments > 0.
constexpr uint64_t NumSegments(uint64_t chunk_elements, uint32_t element_bytes, uint64_t segment_bytes,
                               uint64_t max_segments) {
  const uint64_t wanted = CeilDiv(chunk_elements * element_bytes, segment_bytes);
  return std::max<uint64_t>(1, std::min({wanted, chunk_elements, max_segments}));
}

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_CHUNKING_H_
