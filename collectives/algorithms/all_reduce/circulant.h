// SPDX-License-Identifier: Apache-2.0
// Circulant: reduce-scatter, then all-gather, each in ceil(log2 n) rounds with halving and doubling skips, for any
// number of ranks (the drawing is in patterns/circulant.h). As few rounds as a tree and as few bytes as a ring.
//
// Partial sums lie in the output, each chunk at its own place, so a message is one or two stretches of it and nothing
// is copied but one chunk when n is odd: the only one that is sent on without ever having been reduced with the input.
//
// Cost: 2 ceil(log2 n) rounds; 2 (n - 1) / n * bytes sent per rank, which is the least possible; (n - 1) / n * bytes
// reduced; no scratch. For vectors of middle size, and for large ones where there are many ranks.
// Source: Jesper Larsson Traeff: "Optimal, Non-pipelined Reduce-scatter and Allreduce Algorithms", doi:10.34726/10760.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_CIRCULANT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_CIRCULANT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildCirculant(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_CIRCULANT_H_
