// SPDX-License-Identifier: Apache-2.0
// One shot: every rank sends its whole vector to every other rank, and every rank reduces all of them itself, in rank
// order and in one pass (so half types are rounded once).
//
//   rank 0 <---> rank 1
//      ^  \     /  ^        one message time, whatever the number of ranks;
//      |    > <    |        but each rank sends and reduces everything n - 1 times
//      v  /     \  v
//   rank 2 <---> rank 3
//
// Cost: 1 round; (n - 1) * bytes sent per rank; 1 reduction of n operands; (n - 1) * bytes of scratch.
// For tiny vectors and few ranks. Source: folklore ("linear all-to-all" in MPI libraries, "one-shot" in GPU ones).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ONE_SHOT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ONE_SHOT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildOneShot(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ONE_SHOT_H_
