// SPDX-License-Identifier: Apache-2.0
// Spread: every rank sends each other rank its block at once, in the order of distance, so that no rank is everyone's first
// target.
//
// Cost: 1 round, n - 1 messages of one block per rank: the least bytes. For blocks that are long against a message's cost.
// In place, blocks wait in scratch until what they replace has been sent.
// Source: folklore; "spread-out" in Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication Operations in
// MPICH", IJHPCA 19(1), 2005.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_SPREAD_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_SPREAD_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_to_all {

Schedule BuildSpread(const Shape& shape, int rank);

}  // namespace tutti::all_to_all

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_SPREAD_H_
