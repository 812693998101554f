// SPDX-License-Identifier: Apache-2.0
// Levels: which ranks are near each other, and how near. Each level puts every rank into one group; groups of a wider level
// hold whole groups of the finer ones (caches in hosts in racks in pods). What says nothing is left out: a level that has all
// ranks in one group, each rank alone, or the same groups as another one.
#ifndef TUTTI_COLLECTIVES_SCHEDULE_LEVELS_H_
#define TUTTI_COLLECTIVES_SCHEDULE_LEVELS_H_

#include <vector>

#include "absl/types/span.h"

#include "collectives/schedule/shape.h"

namespace tutti {

// Levels that own what a shape's point to; see there for what each is.
struct Levels {
  std::vector<std::vector<int>> finer;
  std::vector<int> groups;
  std::vector<std::vector<int>> wider;
  bool wider_is_even = false;  // found by Among

  bool empty() const { return finer.empty() && groups.empty() && wider.empty(); }
  // Whether it pays that few ranks of a group stand for the others. The smallest group says how few, so not where racks differ
  // much; inside hosts it always does.
  bool SuitLeaders() const { return !finer.empty() || !groups.empty() || (!wider.empty() && wider_is_even); }

  // As those ranks see them, by their places in the list, without what then says nothing.
  Levels Among(absl::Span<const int> ranks) const;

  // The shape has these, as long as they live. For each call.
  void SetIn(Shape& shape) const {
    shape.finer = finer;
    shape.groups = groups;
    shape.wider = wider;
    shape.wider_is_even = wider_is_even;
  }
};

// A copy of the shape's.
Levels LevelsOf(const Shape& shape);

// A shape's levels, finest first. Nothing: all ranks are alike.
std::vector<absl::Span<const int>> LevelsFinestFirst(const Shape& shape);

// All ranks, those of each group one after the other, at every level; otherwise in the order of their numbers, groups in that
// of their first ranks.
std::vector<int> RanksByLevel(const Shape& shape);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_SCHEDULE_LEVELS_H_
