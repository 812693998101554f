// SPDX-License-Identifier: Apache-2.0
// Ring: every rank passes on to the next one what the previous one has passed to it; after n - 1 rounds each chunk has
// been everywhere (the drawing is in patterns/ring.h). Chunks are cut into segments. The ring goes
// through each host and rack once (../rank_order.h); blocks stay where the user's numbers of ranks say.
//
// Cost: n - 1 rounds, neighbours only; (n - 1) * count sent per rank, the least possible. For large sizes.
// Source: folklore; see Thakur, Rabenseifner, Gropp: "Optimization of Collective Communication Operations in MPICH",
// IJHPCA 19 (2005).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_RING_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_RING_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_gather {

Schedule BuildRing(const Shape& shape, int rank);

}  // namespace tutti::all_gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_RING_H_
