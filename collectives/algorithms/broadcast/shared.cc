// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/broadcast/shared.h"

#include <utility>

#include "collectives/algorithms/over_windows.h"
#include "collectives/algorithms/pieces.h"
#include "lib/base/align.h"

namespace tutti::broadcast {
namespace {

constexpr uint64_t kSharedSegmentBytes = 32 << 10;

WindowProgram Program(const Shape& shape, int rank, uint64_t segment) {
  WindowProgramBuilder builder;
  for (uint64_t s = 0; s < CeilDiv(shape.count, segment); ++s) {
    const Range here = SegmentAt(shape.count, segment, s);
    const uint32_t number = builder.NewNumber();
    const Region output = Output(here.offset, here.count);
    if (rank != shape.root) {
      builder.Copy(number, shape.root, here.count, 0, output);
      continue;
    }
    const Region input = Input(here.offset, here.count);
    builder.Publish(number, input);
    if (!shape.in_place) builder.Local(output, input);
  }
  return std::move(builder).Build();
}

}  // namespace

WindowProgram SharedProgram(const Shape& shape, int rank) {
  return OverWindows(Program, shape, rank, kSharedSegmentBytes);
}

Schedule BuildShared(const Shape& shape, int rank) { return AsMessages(Program, shape, rank, kSharedSegmentBytes); }

}  // namespace tutti::broadcast
