// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/shared_one_shot.h"

#include <algorithm>
#include <utility>

#include "collectives/algorithms/over_windows.h"
#include "collectives/algorithms/pieces.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kSharedOneShotSegmentBytes = 64 << 10;
// How many segments a rank publishes before it reads the first. More would push them out of the cache.
constexpr uint64_t kAhead = 2;

WindowProgram OneShotProgram(const Shape& shape, int, uint64_t segment) {
  WindowProgramBuilder builder;
  const uint64_t num_segments = CeilDiv(shape.count, segment);
  const auto place = [&](uint64_t s) { return SegmentAt(shape.count, segment, s); };
  uint64_t published = 0;
  for (uint64_t s = 0; s < num_segments; ++s) {
    for (; published < std::min(s + kAhead, num_segments); ++published) {
      builder.Publish(builder.NewNumber(), Input(place(published).offset, place(published).count));
    }
    const Range here = place(s);
    builder.Reduce(static_cast<uint32_t>(s), here.count, 0, Input(here.offset, here.count),
                   Output(here.offset, here.count), /*completes=*/true);
  }
  return std::move(builder).Build();
}

}  // namespace

WindowProgram SharedOneShotProgram(const Shape& shape, int rank) {
  return OverWindows(OneShotProgram, shape, rank, kSharedOneShotSegmentBytes);
}

Schedule BuildSharedOneShot(const Shape& shape, int rank) {
  return AsMessages(OneShotProgram, shape, rank, kSharedOneShotSegmentBytes);
}

}  // namespace tutti::all_reduce
