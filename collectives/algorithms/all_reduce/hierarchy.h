// SPDX-License-Identifier: Apache-2.0
// What hierarchical algorithms have in common: the ranks of a group (a host) reduce among themselves, leaders reduce slices
// between groups in some way, and spread the results (hierarchical.h has the drawing). Knows nothing of that way.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_HIERARCHY_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_HIERARCHY_H_

#include <cstdint>
#include <functional>

#include "collectives/algorithms/groups.h"
#include "collectives/patterns/chunking.h"
#include "collectives/schedule/builder.h"
#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

// Appends the steps by which this rank and the ranks at its place in the other groups all-reduce output[slice], in place,
// and says that the result is complete. Called for each of `num_pieces` pieces in turn, but for those whose slice is empty;
// the first slice is the longest.
using BetweenGroups = std::function<void(ScheduleBuilder&, const Groups&, const Range& slice, uint64_t num_pieces)>;

// steps_between: about how many steps that takes for each group, so that schedules do not grow without bound.
Schedule BuildHierarchy(const Shape& shape, int rank, uint64_t steps_between, const BetweenGroups& between);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_HIERARCHY_H_
