// SPDX-License-Identifier: Apache-2.0
// Shared: every rank publishes nothing, and waits until all others have.
//
// Cost in shared memory: 1 round; one line written and n - 1 read per rank. As messages: 1 round, n - 1 per rank.
// Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_SHARED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_SHARED_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "collectives/schedule/window_program.h"

namespace tutti::barrier {

WindowProgram SharedProgram(const Shape& shape, int rank);
Schedule BuildShared(const Shape& shape, int rank);

}  // namespace tutti::barrier

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_SHARED_H_
