// SPDX-License-Identifier: Apache-2.0
// Linear: every rank sends its block to the root.
//
// Cost: 1 round, n - 1 messages at the root: the least bytes. For blocks that are long against a message's cost.
// Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_GATHER_LINEAR_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_GATHER_LINEAR_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::gather {

Schedule BuildLinear(const Shape& shape, int rank);

}  // namespace tutti::gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_GATHER_LINEAR_H_
