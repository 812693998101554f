// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/gather/shared.h"

#include <utility>

#include "collectives/algorithms/over_windows.h"
#include "collectives/algorithms/pieces.h"
#include "lib/base/align.h"

namespace tutti::gather {
namespace {

constexpr uint64_t kSharedSegmentBytes = 32 << 10;

WindowProgram Program(const Shape& shape, int rank, uint64_t segment) {
  WindowProgramBuilder builder;
  for (uint64_t s = 0; s < CeilDiv(shape.count, segment); ++s) {
    const Range piece = SegmentAt(shape.count, segment, s);
    const uint32_t number = builder.NewNumber();
    const Region own = Input(piece.offset, piece.count);
    const auto output = [&](int r) {
      return Output(static_cast<uint64_t>(r) * shape.count + piece.offset, piece.count);
    };
    if (rank != shape.root) {
      builder.Publish(number, own, shape.root);
      continue;
    }
    if (!shape.in_place) builder.Local(output(rank), own);
    for (int distance = 1; distance < shape.num_ranks; ++distance) {
      const int source = (rank + distance) % shape.num_ranks;
      builder.Copy(number, source, piece.count, 0, output(source));
    }
  }
  return std::move(builder).Build();
}

}  // namespace

WindowProgram SharedProgram(const Shape& shape, int rank) {
  return OverWindows(Program, shape, rank, kSharedSegmentBytes);
}

Schedule BuildShared(const Shape& shape, int rank) { return AsMessages(Program, shape, rank, kSharedSegmentBytes); }

}  // namespace tutti::gather
