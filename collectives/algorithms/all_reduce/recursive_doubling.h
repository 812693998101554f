// SPDX-License-Identifier: Apache-2.0
// Recursive doubling: in each round a rank exchanges all that it has with a partner, and both reduce, so that a rank
// stands for twice as many ranks after each round. Ranks beyond a power of two are folded in first and told the result
// last (the drawing is in patterns/recursive_doubling.h).
//
// Both partners write down the lower ranks' sum first, so they evaluate the same expression and get the same bits. The
// partial sum alternates between output and scratch: what is being sent is not what the next message is reduced into.
//
// Cost: floor(log2 n) rounds (2 more, of one message each, if n is no power of two); as often * bytes sent per rank and
// reduced; bytes of scratch (and a copy in place if the number of rounds is odd). For small vectors. Source: Thakur,
// Rabenseifner, Gropp: "Optimization of Collective Communication Operations in MPICH", IJHPCA 19 (2005).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_RECURSIVE_DOUBLING_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_RECURSIVE_DOUBLING_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildRecursiveDoubling(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_RECURSIVE_DOUBLING_H_
