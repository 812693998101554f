// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_to_all/shared.h"

#include <utility>

#include "collectives/algorithms/over_windows.h"
#include "collectives/algorithms/pieces.h"
#include "lib/base/align.h"

namespace tutti::all_to_all {
namespace {

constexpr uint64_t kSharedSegmentBytes = 32 << 10;
// How many numbers a rank publishes before it reads the first; at least 2, for the opposite distance.
constexpr uint64_t kAhead = 3;

// 1, n-1, 2, n-2, ...
int DistanceAt(uint64_t i, int n) {
  const int up = static_cast<int>(i / 2) + 1;
  return i % 2 == 0 ? up : n - up;
}

WindowProgram Program(const Shape& shape, int rank, uint64_t segment) {
  WindowProgramBuilder builder;
  const int n = shape.num_ranks;
  const uint64_t distances = static_cast<uint64_t>(n) - 1;
  const uint64_t num_numbers = distances * CeilDiv(shape.count, segment);
  const auto place = [&](int r, const Range& piece) { return static_cast<uint64_t>(r) * shape.count + piece.offset; };
  for (uint64_t m = 0; m < num_numbers + kAhead - 1; ++m) {
    if (m < num_numbers) {
      const int reader = (rank + DistanceAt(m % distances, n)) % n;
      const Range piece = SegmentAt(shape.count, segment, m / distances);
      builder.Publish(builder.NewNumber(), Input(place(reader, piece), piece.count), reader);
    }
    if (m + 1 < kAhead || num_numbers == 0) continue;
    const uint64_t number = m + 1 - kAhead;
    const int source = (rank + n - DistanceAt(number % distances, n)) % n;
    const Range piece = SegmentAt(shape.count, segment, number / distances);
    builder.Copy(static_cast<uint32_t>(number), source, piece.count, 0, Output(place(source, piece), piece.count));
  }
  if (!shape.in_place && shape.count > 0) {
    const uint64_t own = static_cast<uint64_t>(rank) * shape.count;
    builder.Local(Output(own, shape.count), Input(own, shape.count));
  }
  return std::move(builder).Build();
}

}  // namespace

WindowProgram SharedProgram(const Shape& shape, int rank) {
  return OverWindows(Program, shape, rank, kSharedSegmentBytes);
}

Schedule BuildShared(const Shape& shape, int rank) { return AsMessages(Program, shape, rank, kSharedSegmentBytes); }

}  // namespace tutti::all_to_all
