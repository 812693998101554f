// SPDX-License-Identifier: Apache-2.0
// Bine tree: as many rounds and bytes as the binomial tree, over shorter distances between rank numbers (the drawing is
// in patterns/bine_tree.h).
//
// Cost: ceil(log2 n) rounds; bytes sent per rank; ceil(log2 n) * bytes reduced at the root; a few segments of scratch.
// For small vectors.
// Source: De Sensi et al.: "Bine Trees: Enhancing Collective Operations by Optimizing Communication Locality", SC 2025,
// arXiv:2508.17311.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_BINE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_BINE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce {

Schedule BuildBine(const Shape& shape, int rank);

}  // namespace tutti::reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_BINE_H_
