// SPDX-License-Identifier: Apache-2.0
// Shared one-shot: every rank publishes its vector once, and reduces everybody's itself, in rank order and in one pass.
// Longer vectors go in segments, published some slots ahead, so that one rank's copying and another's reading overlap.
//
//   window 0 <--- read by all        one store reaches everyone: a small vector costs one cache line out
//   window 1 <--- read by all        and n - 1 lines in
//   window 2 <--- read by all
//
// Cost in shared memory: 1 round per segment, in a pipeline; bytes written once, read n times, per rank. Best for small
// vectors, and for two ranks at any length. As messages: 1 round, (n - 1) * bytes sent per rank.
// Source: as one_shot; the publishing as in the shared-memory collectives of MPI libraries (e.g. Graham and Shipman, "MPI
// Support for Multi-core Architectures: Optimized Shared Memory Collectives", EuroPVM/MPI 2008).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_SHARED_ONE_SHOT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_SHARED_ONE_SHOT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::all_reduce {

WindowProgram SharedOneShotProgram(const Shape& shape, int rank);
Schedule BuildSharedOneShot(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_SHARED_ONE_SHOT_H_
