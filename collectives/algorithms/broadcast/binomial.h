// SPDX-License-Identifier: Apache-2.0
// Binomial tree: in each round everyone who has the vector sends it to someone who has not (the drawing is in
// patterns/knomial_tree.h). Large vectors are cut into segments, so that a rank passes on the first ones early.
//
// Cost: ceil(log2 n) rounds; ceil(log2 n) * bytes sent by the root. For small vectors. Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_BINOMIAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_BINOMIAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::broadcast {

Schedule BuildBinomial(const Shape& shape, int rank);

}  // namespace tutti::broadcast

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_BINOMIAL_H_
