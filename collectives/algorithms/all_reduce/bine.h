// SPDX-License-Identifier: Apache-2.0
// Bine butterfly: reduce-scatter, then all-gather, each in ceil(log2 n) rounds, by exchanges with partners that are a
// third nearer than circulant's (the drawing is in patterns/bine_butterfly.h). Partial sums lie in the output, each
// chunk at its own place, so a message is one or two stretches of it.
//
// For even numbers of ranks. Odd ones have no such pairs: there it is circulant. (The paper's other form, which
// exchanges whole vectors as recursive doubling does, groups the operands differently on different ranks; tutti
// promises equal bits.)
//
// Cost: 2 ceil(log2 n) rounds; 2 (n - 1) / n * bytes sent per rank, which is the least possible; (n - 1) / n * bytes
// reduced; no scratch; for rank counts that are no power of two, part of the vector is copied first. For vectors of
// middle size, where the distance between rank numbers is one between machines.
// Source: De Sensi et al.: "Bine Trees: Enhancing Collective Operations by Optimizing Communication Locality", SC 2025,
// arXiv:2508.17311.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_BINE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_BINE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildBine(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_BINE_H_
