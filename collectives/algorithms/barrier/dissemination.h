// SPDX-License-Identifier: Apache-2.0
// Dissemination: in round k every rank tells the rank 2^k further on that it, and all of whom it has heard, are there
// (the drawing is in patterns/dissemination.h).
//
// Cost: ceil(log2 n) rounds; ceil(log2 n) empty messages sent per rank. The fastest where every rank has a core.
// Source: Hensgen, Finkel, Manber: "Two algorithms for barrier synchronization", Int. J. Parallel Programming 17
// (1988).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_DISSEMINATION_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_DISSEMINATION_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::barrier {

Schedule BuildDissemination(const Shape& shape, int rank);

}  // namespace tutti::barrier

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_DISSEMINATION_H_
