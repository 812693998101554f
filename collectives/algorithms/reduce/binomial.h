// SPDX-License-Identifier: Apache-2.0
// Binomial tree: every rank reduces what its children send with its own input and sends the sum to its parent (the
// drawing is in patterns/knomial_tree.h). Large vectors are cut into segments.
//
// Cost: ceil(log2 n) rounds; bytes sent per rank; ceil(log2 n) * bytes reduced at the root; a few segments of scratch.
// For small vectors. Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_BINOMIAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_BINOMIAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce {

Schedule BuildBinomial(const Shape& shape, int rank);

}  // namespace tutti::reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_BINOMIAL_H_
