// SPDX-License-Identifier: Apache-2.0
// Everyone to the owner of each chunk, and back to everyone.
//
//   chunk 0  chunk 1  chunk 2         rank r receives chunk r of all others, reduces ranks 0, 1, 2, ... in that order in
//   rank 0   rank 1   rank 2          one pass, and sends the result to all others
//
// Cost: 2 rounds, 2 (n-1)/n B sent, one pass over n operands of B/n; (n-1)/n B of scratch. Keeps rank order, with the least
// bytes: what operations that do not commute use for long vectors. Many small messages if there are many ranks.
// Source: folklore (a pairwise reduce_scatter, then a spread all_gather).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_DIRECT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_DIRECT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildDirect(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_DIRECT_H_
