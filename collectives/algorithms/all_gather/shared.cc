// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_gather/shared.h"

#include <algorithm>
#include <utility>

#include "collectives/algorithms/over_windows.h"
#include "collectives/algorithms/pieces.h"
#include "lib/base/align.h"

namespace tutti::all_gather {
namespace {

constexpr uint64_t kSharedSegmentBytes = 32 << 10;
// How many pieces a rank publishes before it reads the first.
constexpr uint64_t kAhead = 2;

WindowProgram Program(const Shape& shape, int rank, uint64_t segment) {
  WindowProgramBuilder builder;
  const auto n = static_cast<uint64_t>(shape.num_ranks);
  const auto own = static_cast<uint64_t>(rank);
  const uint64_t num_segments = CeilDiv(shape.count, segment);
  const auto place = [&](uint64_t s) { return SegmentAt(shape.count, segment, s); };
  const auto chunk_piece = [&](uint64_t owner, const Range& piece) {
    return Output(owner * shape.count + piece.offset, piece.count);
  };
  uint64_t published = 0;
  for (uint64_t s = 0; s < num_segments; ++s) {
    for (; published < std::min(s + kAhead, num_segments); ++published) {
      const Range piece = place(published);
      const Region input = Input(piece.offset, piece.count);
      builder.Publish(builder.NewNumber(), input);
      if (!shape.in_place) builder.Local(chunk_piece(own, piece), input);
    }
    for (uint64_t distance = 1; distance < n; ++distance) {
      const uint64_t owner = (own + distance) % n;
      builder.Copy(static_cast<uint32_t>(s), static_cast<int>(owner), place(s).count, 0, chunk_piece(owner, place(s)));
    }
  }
  return std::move(builder).Build();
}

}  // namespace

WindowProgram SharedProgram(const Shape& shape, int rank) {
  return OverWindows(Program, shape, rank, kSharedSegmentBytes);
}

Schedule BuildShared(const Shape& shape, int rank) { return AsMessages(Program, shape, rank, kSharedSegmentBytes); }

}  // namespace tutti::all_gather
