// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/hierarchical.h"

#include <algorithm>
#include <cstdint>

#include "collectives/algorithms/all_reduce/circulant.h"
#include "collectives/algorithms/all_reduce/hierarchy.h"
#include "collectives/algorithms/all_reduce/recursive_doubling.h"
#include "collectives/algorithms/all_reduce/ring.h"
#include "collectives/schedule/embed.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kLatencyBytes = 16 * 1024;   // of a slice: fewer rounds count
constexpr uint64_t kMiddleBytes = 1024 * 1024;  // of a slice: beyond, pipelines fill
constexpr uint64_t kStepsBetween = 4;

// The all_reduce of one slice between hosts, in place.
Schedule BetweenHosts(uint32_t element_bytes, int num_hosts, int host, uint64_t count) {
  Shape shape;
  shape.collective = Collective::kAllReduce;
  shape.num_ranks = num_hosts;
  shape.count = count;
  shape.element_bytes = element_bytes;
  shape.in_place = true;
  const uint64_t bytes = count * element_bytes;
  shape.segment_bytes = std::max<uint64_t>(bytes, 1);  // the pieces are fine enough
  if (bytes <= kLatencyBytes) return BuildRecursiveDoubling(shape, host);
  return bytes <= kMiddleBytes ? BuildCirculant(shape, host) : BuildRing(shape, host);
}

}  // namespace

Schedule BuildHierarchical(const Shape& shape, int rank) {
  return BuildHierarchy(
      shape, rank, kStepsBetween, [&](ScheduleBuilder& builder, const Groups& groups, const Range& slice, uint64_t) {
        Embed(builder, BetweenHosts(shape.element_bytes, groups.num_groups(), groups.group(), slice.count),
              groups.AtPlace(groups.place()), Output(slice.offset, slice.count));
      });
}

}  // namespace tutti::all_reduce
