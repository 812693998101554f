// SPDX-License-Identifier: Apache-2.0
// Ring: each chunk starts at the rank after its owner, goes round once, and takes every rank's part with it (the
// drawing is in patterns/ring.h). Chunks are cut into segments. Two chunks of scratch take turns: one is filled while
// the other is sent on. The ring goes through each host and rack once (../rank_order.h).
//
// Cost: n - 1 rounds, neighbours only; (n - 1) * count sent per rank and reduced, the least possible; 2 * count of
// scratch. For large sizes.
// Source: Patarasuk, Yuan: "Bandwidth optimal all-reduce algorithms for clusters of workstations", JPDC 69 (2009).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_RING_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_RING_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce_scatter {

Schedule BuildRing(const Shape& shape, int rank);

}  // namespace tutti::reduce_scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_RING_H_
