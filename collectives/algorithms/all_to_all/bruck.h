// SPDX-License-Identifier: Apache-2.0
// Bruck: a block for the rank at distance d travels the powers of two that make up d. Each round a rank packs all blocks
// that still have that power to go into one message.
//
//   round k: to rank + 2^k, the blocks whose distance has bit k      distance 5 = 101b: rounds 0 and 2
//
// Cost: log2 n rounds with one message each, about n/2 blocks a message: log2 n / 2 times the least bytes, and each hop is
// packed. For blocks that are short against a message's cost, between many ranks.
// Source: Bruck, Ho, Kipnis, Upfal and Weathersby, "Efficient Algorithms for All-to-All Communications in Multiport
// Message-Passing Systems", IEEE TPDS 8(11), 1997; here without its rotations, as each block's place is known.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_BRUCK_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_BRUCK_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_to_all {

Schedule BuildBruck(const Shape& shape, int rank);

}  // namespace tutti::all_to_all

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_BRUCK_H_
