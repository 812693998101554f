// SPDX-License-Identifier: Apache-2.0
// A binomial tree over the ranks as they are, with rank 0 on top, which hands the result to the root.
//
//        0                   each rank appends its subtrees, the nearest first: 0 + 1 + (2 + 3) + ..., in rank order
//      / | \                 whatever the root is; `binomial` turns the tree so that the root is on top, and so the order
//     1  2  4
//        |  | \    Cost: log n rounds, one more if the root is not rank 0 (S segments in a pipeline); B sent, log n x B
//        3  5  6   reduced at rank 0, at most.
//              |   Source: folklore; MPI libraries do so for operations that do not commute.
//              7
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_ORDERED_BINOMIAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_ORDERED_BINOMIAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce {

Schedule BuildOrderedBinomial(const Shape& shape, int rank);

}  // namespace tutti::reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_ORDERED_BINOMIAL_H_
