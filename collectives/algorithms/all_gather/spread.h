// SPDX-License-Identifier: Apache-2.0
// Spread: every rank sends its block to each other rank at once, in the order of distance, so that no rank is everyone's
// first target.
//
// Cost: 1 round, n - 1 messages per rank: the least bytes if blocks are equal; a long block leaves its rank n - 1 times.
// For few ranks and short blocks. Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_SPREAD_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_SPREAD_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_gather {

Schedule BuildSpread(const Shape& shape, int rank);

}  // namespace tutti::all_gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_SPREAD_H_
