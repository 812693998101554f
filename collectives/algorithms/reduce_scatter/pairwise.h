// SPDX-License-Identifier: Apache-2.0
// Pairwise: every rank sends each other rank the chunk that is that rank's, and reduces what it gets itself, in rank
// order and in one pass (so half types are rounded once).
//
// Cost: 1 round; (n - 1) * count sent per rank, the least possible; 1 reduction of n operands; (n - 1) * count of
// scratch. For few ranks. Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_PAIRWISE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_PAIRWISE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce_scatter {

Schedule BuildPairwise(const Shape& shape, int rank);

}  // namespace tutti::reduce_scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_PAIRWISE_H_
