// SPDX-License-Identifier: Apache-2.0
// Tree of radix 4: half as many edges from the last rank to the root as in the binomial tree, and inner ranks that
// reduce what up to three others send at each level (the drawing is in patterns/knomial_tree.h).
//
// Cost: ceil(log4 n) rounds; bytes sent per rank; up to 3 ceil(log4 n) * bytes reduced at the root; a few segments of
// scratch. For small vectors. Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_KNOMIAL4_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_KNOMIAL4_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce {

Schedule BuildKnomial4(const Shape& shape, int rank);

}  // namespace tutti::reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_KNOMIAL4_H_
