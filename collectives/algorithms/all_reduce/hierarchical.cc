// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/hierarchical.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "collectives/algorithms/all_reduce/circulant.h"
#include "collectives/algorithms/all_reduce/hierarchy.h"
#include "collectives/algorithms/all_reduce/recursive_doubling.h"
#include "collectives/algorithms/all_reduce/ring.h"
#include "collectives/schedule/embed.h"
#include "collectives/schedule/levels.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kLatencyBytes = 16 * 1024;   // of a slice: fewer rounds count
constexpr uint64_t kMiddleBytes = 1024 * 1024;  // of a slice: beyond, pipelines fill
constexpr uint64_t kStepsBetween = 4;

// Between racks messages cost about as much as inside them: there levels are for slices whose bytes cost more.
bool GoesByLevels(const Levels& levels, uint64_t bytes) {
  const bool has_hosts = !levels.finer.empty() || !levels.groups.empty();
  return levels.SuitLeaders() && (has_hosts || bytes > kLatencyBytes);
}

// The all_reduce of one slice between the groups of a level, in place: among those of each group of the next one first, if
// there is one. Without, they are still in the order of levels, so that a ring goes through each rack once.
Schedule AmongLane(uint32_t element_bytes, const Levels& levels, int num_groups, int group, uint64_t count) {
  Shape shape;
  shape.collective = Collective::kAllReduce;
  shape.num_ranks = num_groups;
  shape.count = count;
  shape.element_bytes = element_bytes;
  shape.in_place = true;
  const uint64_t bytes = count * element_bytes;
  shape.segment_bytes = std::max<uint64_t>(bytes, 1);  // the pieces are fine enough
  levels.SetIn(shape);
  if (GoesByLevels(levels, bytes)) return BuildHierarchical(shape, group);
  if (bytes <= kLatencyBytes) return BuildRecursiveDoubling(shape, group);
  return bytes <= kMiddleBytes ? BuildCirculant(shape, group) : BuildRing(shape, group);
}

}  // namespace

Schedule BuildHierarchical(const Shape& shape, int rank) {
  std::vector<int> lane;
  Levels levels;  // of the lane
  return BuildHierarchy(
      shape, rank, kStepsBetween, [&](ScheduleBuilder& builder, const Groups& groups, const Range& slice, uint64_t) {
        if (lane.empty()) {
          lane = groups.AtPlace(groups.place());
          levels = LevelsOf(shape).Among(lane);
        }
        Embed(builder, AmongLane(shape.element_bytes, levels, groups.num_groups(), groups.group(), slice.count), lane,
              Output(slice.offset, slice.count));
      });
}

}  // namespace tutti::all_reduce
