// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/shared.h"

#include <utility>

#include "collectives/algorithms/over_windows.h"
#include "collectives/algorithms/pieces.h"
#include "lib/base/align.h"

namespace tutti::reduce_scatter {
namespace {

constexpr uint64_t kSharedSegmentBytes = 64 << 10;
// How many numbers a rank publishes before it looks whether it is to read the first.
constexpr uint64_t kAhead = 4;

WindowProgram Program(const Shape& shape, int rank, uint64_t segment) {
  WindowProgramBuilder builder;
  const auto n = static_cast<uint64_t>(shape.num_ranks);
  const auto own = static_cast<uint64_t>(rank);
  const uint64_t num_numbers = n * CeilDiv(shape.count, segment);
  for (uint64_t m = 0; m < num_numbers + kAhead - 1; ++m) {
    if (m < num_numbers) {
      const uint32_t number = builder.NewNumber();
      const uint64_t reader = m % n;
      const Range piece = SegmentAt(shape.count, segment, m / n);
      const Region input = Input(reader * shape.count + piece.offset, piece.count);
      if (reader != own) builder.Publish(number, input, static_cast<int>(reader));
    }
    if (m + 1 < kAhead || (m + 1 - kAhead) % n != own) continue;
    const uint64_t number = m + 1 - kAhead;
    const Range piece = SegmentAt(shape.count, segment, number / n);
    builder.Reduce(static_cast<uint32_t>(number), piece.count, 0, Input(own * shape.count + piece.offset, piece.count),
                   Output(piece.offset, piece.count), /*completes=*/true);
  }
  return std::move(builder).Build();
}

}  // namespace

WindowProgram SharedProgram(const Shape& shape, int rank) {
  return OverWindows(Program, shape, rank, kSharedSegmentBytes);
}

Schedule BuildShared(const Shape& shape, int rank) { return AsMessages(Program, shape, rank, kSharedSegmentBytes); }

}  // namespace tutti::reduce_scatter
