// SPDX-License-Identifier: Apache-2.0
// Shared slices: of each segment, every rank reduces its own slice straight from everybody's windows, in one pass over n
// inputs, publishes the result, and copies the others' results.
//
//   segment:   | slice 0 | slice 1 | slice 2 |      1. all publish the segment
//   rank 1:              [reduce n]                 2. each reduces one slice and publishes it
//   rank 1:    [ copy  ]           [ copy  ]        3. each copies the other slices
//
// Cost in shared memory: 2 rounds per segment, in a pipeline; 2 * bytes written, 3 * bytes read, per rank, whatever the
// number of ranks. For three and more ranks and long vectors. As messages: (n + 1) / n * (n - 1) * bytes sent per rank.
// Source: reduce-scatter and all-gather (Rabenseifner), here as in the shared-memory collectives of MPI libraries.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_SHARED_SLICES_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_SHARED_SLICES_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::all_reduce {

WindowProgram SharedSlicesProgram(const Shape& shape, int rank);
Schedule BuildSharedSlices(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_SHARED_SLICES_H_
