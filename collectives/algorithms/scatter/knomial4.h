// SPDX-License-Identifier: Apache-2.0
// Tree of radix 4: blocks cross half as many edges as in the binomial tree, and inner ranks send to up to three others
// at each level.
//
// Cost: ceil(log4 n) rounds; a block crosses up to ceil(log4 n) edges. The root sends up to 3 ceil(log4 n) messages
// (one more where a subtree passes the last rank). For small blocks.
// Source: folklore; see collectives/patterns/knomial_tree.h.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_KNOMIAL4_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_KNOMIAL4_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::scatter {

Schedule BuildKnomial4(const Shape& shape, int rank);

}  // namespace tutti::scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_KNOMIAL4_H_
