// SPDX-License-Identifier: Apache-2.0
// Blocks go up a k-nomial tree; an inner rank collects its subtree's in scratch, and passes them on together. Subtrees
// are stretches of ranks, so at the root they are in place at once.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_GATHER_KNOMIAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_GATHER_KNOMIAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::gather {

Schedule AlongKnomialTree(const Shape& shape, int rank, int radix);

}  // namespace tutti::gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_GATHER_KNOMIAL_H_
