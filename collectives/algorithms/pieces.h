// SPDX-License-Identifier: Apache-2.0
// What all algorithms share: pieces of regions, how finely to cut chunks, and steps that vanish when a piece is empty.
// Both ends of a message know its piece and so agree on whether there is a message at all.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_PIECES_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_PIECES_H_

#include <algorithm>
#include <cstdint>
#include <utility>

#include "collectives/patterns/chunking.h"
#include "collectives/schedule/builder.h"
#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti {

// A schedule that is finely cut costs memory and counters: about this many steps per rank are never exceeded by
// cutting.
inline constexpr uint64_t kMaxStepsFromSegments = 32768;

// Elements [part.offset, part.end()) of the region.
constexpr Region PieceOf(const Region& whole, const Range& part) {
  return {whole.buffer, whole.offset + part.offset, part.count};
}

// Into how many segments to cut each chunk of at most `chunk_elements`, if each further segment costs a rank
// `steps_per_segment` steps. Follows shape.segment_bytes, or `default_segment_bytes` where that is 0.
constexpr uint64_t NumSegmentsFor(const Shape& shape, uint64_t chunk_elements, uint64_t default_segment_bytes,
                                  uint64_t steps_per_segment) {
  const uint64_t segment_bytes = shape.segment_bytes > 0 ? shape.segment_bytes : default_segment_bytes;
  const uint64_t max_segments = std::max<uint64_t>(1, kMaxStepsFromSegments / std::max<uint64_t>(1, steps_per_segment));
  return NumSegments(chunk_elements, shape.element_bytes, segment_bytes, max_segments);
}

inline ScheduleBuilder::StepId SendPiece(ScheduleBuilder& builder, int peer, const Region& source) {
  return source.count > 0 ? builder.Send(peer, source) : ScheduleBuilder::kNoStep;
}

// A whole block. Blocks whose lengths only two ranks know are exchanged even if they are empty: should the two disagree,
// they find out.
inline bool IsExchanged(const Shape& shape, const Region& block) {
  return block.count > 0 || (shape.uneven() && !AllKnowAllBlocks(shape.collective));
}
inline void SendBlock(ScheduleBuilder& builder, const Shape& shape, int peer, const Region& block) {
  if (IsExchanged(shape, block)) builder.Send(peer, block);
}
inline void RecvBlock(ScheduleBuilder& builder, const Shape& shape, int peer, const Region& block) {
  if (IsExchanged(shape, block)) builder.Recv(peer, block);
}

inline void RecvPiece(ScheduleBuilder& builder, int peer, const Region& dst) {
  if (dst.count > 0) builder.Recv(peer, dst);
}

inline void RecvReducePiece(ScheduleBuilder& builder, int peer, const Region& dst, const Region& source,
                            ScheduleBuilder::Order order, ScheduleBuilder::Completes completes) {
  if (dst.count > 0) builder.RecvReduce(peer, dst, source, order, completes);
}

// Segment `s` of a vector that is cut every `segment` elements.
constexpr Range SegmentAt(uint64_t count, uint64_t segment, uint64_t s) {
  return {s * segment, std::min(segment, count - s * segment)};
}

// The schedule where a rank is alone, or no bytes need to move: its input is its output.
inline Schedule CopyOnly(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  builder.CopyInputToOutput();
  return std::move(builder).Build();
}

constexpr ScheduleBuilder::Completes CompletesIf(bool last) {
  return last ? ScheduleBuilder::Completes::kYes : ScheduleBuilder::Completes::kNo;
}

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_PIECES_H_
