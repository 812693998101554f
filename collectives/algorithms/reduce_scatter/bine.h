// SPDX-License-Identifier: Apache-2.0
// Bine butterfly: the part of the vector that a rank still works on halves each round, by exchanges with partners that
// are a third nearer than circulant's (the drawing is in patterns/bine_butterfly.h). Partial sums lie in scratch in the
// order of chunks, so that from the second round on a message is one stretch.
//
// For even numbers of ranks. Odd ones have no such pairs: there it is circulant.
//
// Cost: ceil(log2 n) rounds; (n - 1) * count sent per rank and reduced, the least possible; up to n * count of scratch
// (n / 2 for powers of two, else the power of two below n). For small and middle sizes, where the distance between rank
// numbers is one between machines.
// Source: De Sensi et al.: "Bine Trees: Enhancing Collective Operations by Optimizing Communication Locality", SC 2025,
// arXiv:2508.17311.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_BINE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_BINE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce_scatter {

Schedule BuildBine(const Shape& shape, int rank);

}  // namespace tutti::reduce_scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_BINE_H_
