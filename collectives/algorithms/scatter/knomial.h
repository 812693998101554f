// SPDX-License-Identifier: Apache-2.0
// Blocks go down a k-nomial tree; an inner rank receives its subtree's together in scratch, and passes them on.
// Subtrees are stretches of ranks, so the root sends them from where they lie.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_KNOMIAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_KNOMIAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::scatter {

Schedule AlongKnomialTree(const Shape& shape, int rank, int radix);

}  // namespace tutti::scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_KNOMIAL_H_
