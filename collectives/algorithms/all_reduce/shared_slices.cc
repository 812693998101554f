// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/shared_slices.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "collectives/algorithms/over_windows.h"
#include "collectives/algorithms/pieces.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kSharedSlicesSegmentBytes = 64 << 10;

WindowProgram SlicesProgram(const Shape& shape, int rank, uint64_t segment) {
  WindowProgramBuilder builder;
  const auto n = static_cast<uint64_t>(shape.num_ranks);
  const uint64_t num_segments = CeilDiv(shape.count, segment);
  const auto place = [&](uint64_t s) { return SegmentAt(shape.count, segment, s); };
  // Numbers: the next segment's input is published before this one's result, so that nobody waits with nothing to do.
  std::vector<uint32_t> inputs(num_segments), results(num_segments);
  const auto publish_input = [&](uint64_t s) {
    inputs[s] = builder.NewNumber();
    builder.Publish(inputs[s], Input(place(s).offset, place(s).count));
  };
  const auto copy_results = [&](uint64_t s) {
    for (uint64_t distance = 1; distance < n; ++distance) {
      const uint64_t owner = (static_cast<uint64_t>(rank) + distance) % n;
      const Range slice = PartOf(place(s), n, owner);
      if (slice.count == 0) continue;
      builder.Copy(results[s], static_cast<int>(owner), slice.count, 0, Output(slice.offset, slice.count));
    }
  };
  if (num_segments > 0) publish_input(0);
  for (uint64_t s = 0; s < num_segments; ++s) {
    if (s + 1 < num_segments) publish_input(s + 1);
    const Range own = PartOf(place(s), n, static_cast<uint64_t>(rank));
    results[s] = builder.NewNumber();
    if (own.count > 0) {
      builder.Reduce(inputs[s], place(s).count, own.offset - place(s).offset, Input(own.offset, own.count),
                     Output(own.offset, own.count), /*completes=*/true);
      builder.Publish(results[s], Output(own.offset, own.count));
    } else {
      builder.Wait(inputs[s], place(s).count);
    }
    if (s > 0) copy_results(s - 1);
  }
  if (num_segments > 0) copy_results(num_segments - 1);
  return std::move(builder).Build();
}

}  // namespace

WindowProgram SharedSlicesProgram(const Shape& shape, int rank) {
  return OverWindows(SlicesProgram, shape, rank, kSharedSlicesSegmentBytes);
}

Schedule BuildSharedSlices(const Shape& shape, int rank) {
  return AsMessages(SlicesProgram, shape, rank, kSharedSlicesSegmentBytes);
}

}  // namespace tutti::all_reduce
