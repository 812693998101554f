// SPDX-License-Identifier: Apache-2.0
// Shared: every rank publishes its blocks piece by piece, each for one reader, which copies it from the window.
//
//   numbers: one for each distance, 1, n-1, 2, n-2, ...: a rank publishes for the rank that far above it, and reads from
//   the rank that far below. Opposite distances follow each other because, in place, what is read replaces what the
//   opposite distance publishes.
//
// Cost in shared memory: 1 round, pipelined; each byte written once and read once. As messages: as spread.
// Source: folklore; as the shared-memory collectives of MPI libraries.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_SHARED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_SHARED_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::all_to_all {

WindowProgram SharedProgram(const Shape& shape, int rank);
Schedule BuildShared(const Shape& shape, int rank);

}  // namespace tutti::all_to_all

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_TO_ALL_SHARED_H_
