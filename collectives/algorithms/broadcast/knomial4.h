// SPDX-License-Identifier: Apache-2.0
// Tree of radix 4: half as many edges from the root to the last rank as in the binomial tree, and inner ranks that send
// to up to three others at each level (the drawing is in patterns/knomial_tree.h). Worth it where several messages of a
// rank are on the way at once, and what counts is how long one takes.
//
// Cost: ceil(log4 n) rounds; up to 3 ceil(log4 n) * bytes sent by the root. For small vectors. Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_KNOMIAL4_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_KNOMIAL4_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::broadcast {

Schedule BuildKnomial4(const Shape& shape, int rank);

}  // namespace tutti::broadcast

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_KNOMIAL4_H_
