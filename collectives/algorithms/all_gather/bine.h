// SPDX-License-Identifier: Apache-2.0
// Bine butterfly: what a rank holds doubles each round, by exchanges with partners that are a third nearer than
// circulant's (the drawing is in patterns/bine_butterfly.h). Chunks lie at their places in the output from the start,
// and what a rank holds is a stretch of them, so a message is one or two stretches and nothing is permuted.
//
// For even numbers of ranks. Odd ones have no such pairs: there it is circulant.
//
// Cost: ceil(log2 n) rounds; (n - 1) * count sent per rank, the least possible. For small and middle sizes, where the
// distance between rank numbers is one between machines.
// Source: De Sensi et al.: "Bine Trees: Enhancing Collective Operations by Optimizing Communication Locality", SC 2025,
// arXiv:2508.17311.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_BINE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_BINE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_gather {

Schedule BuildBine(const Shape& shape, int rank);

}  // namespace tutti::all_gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_BINE_H_
