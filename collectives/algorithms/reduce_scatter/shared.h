// SPDX-License-Identifier: Apache-2.0
// Shared: every rank publishes, for each other rank, what that one is to reduce, piece by piece; each rank reduces its own
// pieces out of all windows, in one pass over n operands, in rank order.
//
//   numbers:  0   1   2 ... n-1 | n  n+1 ...      number c * n + j is piece c for rank j, which alone reads it
//
// Cost in shared memory: 1 round, pipelined; bytes written once and read once. As messages: 1 round, the least bytes; in
// one piece it is `pairwise`.
// Source: folklore; as the first half of all_reduce's shared_slices.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_SHARED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_SHARED_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::reduce_scatter {

WindowProgram SharedProgram(const Shape& shape, int rank);
Schedule BuildShared(const Shape& shape, int rank);

}  // namespace tutti::reduce_scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_SHARED_H_
