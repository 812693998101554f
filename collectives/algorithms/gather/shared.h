// SPDX-License-Identifier: Apache-2.0
// Shared: every rank but the root publishes its block piece by piece, the root copies all of them.
//
// Cost in shared memory: 1 round, pipelined; each byte written and read once. As messages: as linear.
// Source: folklore; as the shared-memory collectives of MPI libraries.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_GATHER_SHARED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_GATHER_SHARED_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::gather {

WindowProgram SharedProgram(const Shape& shape, int rank);
Schedule BuildShared(const Shape& shape, int rank);

}  // namespace tutti::gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_GATHER_SHARED_H_
