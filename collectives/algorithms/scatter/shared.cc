// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/scatter/shared.h"

#include <utility>

#include "collectives/algorithms/over_windows.h"
#include "collectives/algorithms/pieces.h"
#include "lib/base/align.h"

namespace tutti::scatter {
namespace {

constexpr uint64_t kSharedSegmentBytes = 32 << 10;

WindowProgram Program(const Shape& shape, int rank, uint64_t segment) {
  WindowProgramBuilder builder;
  for (uint64_t s = 0; s < CeilDiv(shape.count, segment); ++s) {
    const Range piece = SegmentAt(shape.count, segment, s);
    const Region output = Output(piece.offset, piece.count);
    const auto input = [&](int r) { return Input(static_cast<uint64_t>(r) * shape.count + piece.offset, piece.count); };
    for (int distance = 1; distance < shape.num_ranks; ++distance) {
      const int reader = (shape.root + distance) % shape.num_ranks;
      const uint32_t number = builder.NewNumber();
      if (rank == shape.root) builder.Publish(number, input(reader), reader);
      if (rank == reader) builder.Copy(number, shape.root, piece.count, 0, output);
    }
    if (rank == shape.root && !shape.in_place) builder.Local(output, input(rank));
  }
  return std::move(builder).Build();
}

}  // namespace

WindowProgram SharedProgram(const Shape& shape, int rank) {
  return OverWindows(Program, shape, rank, kSharedSegmentBytes);
}

Schedule BuildShared(const Shape& shape, int rank) { return AsMessages(Program, shape, rank, kSharedSegmentBytes); }

}  // namespace tutti::scatter
