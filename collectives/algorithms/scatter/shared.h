// SPDX-License-Identifier: Apache-2.0
// Shared: the root publishes each rank's block piece by piece, for that rank to copy.
//
// Cost in shared memory: 1 round, pipelined; each byte written and read once. As messages: as linear.
// Source: folklore; as the shared-memory collectives of MPI libraries.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_SHARED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_SHARED_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::scatter {

WindowProgram SharedProgram(const Shape& shape, int rank);
Schedule BuildShared(const Shape& shape, int rank);

}  // namespace tutti::scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_SHARED_H_
