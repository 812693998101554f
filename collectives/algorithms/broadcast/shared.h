// SPDX-License-Identifier: Apache-2.0
// Shared: the root publishes its vector piece by piece, all others read each piece in its window.
//
// Cost in shared memory: 1 round, pipelined; the root writes the bytes once, whatever the number of ranks. As messages:
// 1 round, (n - 1) * bytes sent by the root.
// Source: folklore; as the shared-memory collectives of MPI libraries.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_SHARED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_SHARED_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::broadcast {

WindowProgram SharedProgram(const Shape& shape, int rank);
Schedule BuildShared(const Shape& shape, int rank);

}  // namespace tutti::broadcast

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_SHARED_H_
