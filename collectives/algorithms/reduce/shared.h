// SPDX-License-Identifier: Apache-2.0
// Shared: every rank but the root publishes its vector piece by piece; the root reduces all windows and its own vector in
// one pass, in rank order.
//
// Cost in shared memory: 1 round, pipelined; bytes written once per rank, all reduced by the root. As messages: 1 round,
// (n - 1) * bytes received by the root. For vectors that are too short for the others to help.
// Source: folklore; as the shared-memory collectives of MPI libraries.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SHARED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SHARED_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::reduce {

WindowProgram SharedProgram(const Shape& shape, int rank);
Schedule BuildShared(const Shape& shape, int rank);

}  // namespace tutti::reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SHARED_H_
