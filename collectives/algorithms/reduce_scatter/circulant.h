// SPDX-License-Identifier: Apache-2.0
// Circulant: the part of the vector that a rank still works on halves each round, in ceil(log2 n) rounds for any number
// of ranks (the drawing is in patterns/circulant.h). Partial sums lie in scratch in relative order, so that from the
// second round on a message is one stretch.
//
// Cost: ceil(log2 n) rounds; (n - 1) * count sent per rank and reduced, the least possible; ceil(n / 2) * count of
// scratch. For small and middle sizes.
// Source: Jesper Larsson Traeff: "Optimal, Non-pipelined Reduce-scatter and Allreduce Algorithms", doi:10.34726/10760.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_CIRCULANT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_CIRCULANT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce_scatter {

Schedule BuildCirculant(const Shape& shape, int rank);

}  // namespace tutti::reduce_scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_CIRCULANT_H_
