// SPDX-License-Identifier: Apache-2.0
// Circulant: what a rank holds doubles each round, in ceil(log2 n) rounds for any number of ranks (the drawing is in
// patterns/circulant.h). Chunks lie at their places in the output from the start, so a message is one or two stretches
// of it and nothing is rotated at the end.
//
// Cost: ceil(log2 n) rounds; (n - 1) * count sent per rank, the least possible. For small and middle sizes.
// Source: Bruck, Ho, Kipnis, Upfal, Weathersby: "Efficient algorithms for all-to-all communications in multiport
// message-passing systems", IEEE TPDS 8 (1997).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_CIRCULANT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_CIRCULANT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_gather {

Schedule BuildCirculant(const Shape& shape, int rank);

}  // namespace tutti::all_gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_CIRCULANT_H_
