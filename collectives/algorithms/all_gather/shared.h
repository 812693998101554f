// SPDX-License-Identifier: Apache-2.0
// Shared: every rank publishes its chunk piece by piece, and copies everybody else's from their windows.
//
// Cost in shared memory: 1 round, pipelined; each rank writes its own chunk once and reads all others. As messages:
// 1 round, (n - 1) * chunk sent per rank, the least possible.
// Source: folklore; as the shared-memory collectives of MPI libraries.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_SHARED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_SHARED_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::all_gather {

WindowProgram SharedProgram(const Shape& shape, int rank);
Schedule BuildShared(const Shape& shape, int rank);

}  // namespace tutti::all_gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_SHARED_H_
