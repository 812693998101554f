// SPDX-License-Identifier: Apache-2.0
// Pairwise: n rounds, in each of which ranks exchange blocks in pairs. In round k those pair up whose numbers add up to k modulo n,
// so that each meets each once; who would meet itself has a round off. Two rounds are under way at a time.
//
//   4 ranks, round 0:  0   1-3   2      round 1:  0-1  2-3      round 2:  0-2  1   3      round 3:  0-3  1-2
//
// Cost: n - 1 messages of one block per rank, the least bytes, as spread; but each rank has to do with two others at a time and
// not with all, whatever the network makes of n - 1 senders to one receiver. In place it takes two blocks of scratch, and not
// n - 1. For large blocks of many ranks.
// Source: "pairwise exchange" in Thakur, Rabenseifner and Gropp, "Optimization of Collective Communication Operations in MPICH",
// IJHPCA 19(1), 2005; there by XOR for powers of two. The pairs for any number are those of a tournament (folklore).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_PAIRWISE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_PAIRWISE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_to_all {

Schedule BuildPairwise(const Shape& shape, int rank);

}  // namespace tutti::all_to_all

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_PAIRWISE_H_
