// SPDX-License-Identifier: Apache-2.0
// Scatter, then ring: the vector is cut into one chunk per rank and scattered along a binomial tree; then the chunks go
// round the ring until everyone has all.
//
//   scatter, 4 ranks, root 0:     0 --c2 c3--> 2 --c3--> 3      an inner rank keeps what it has passed on, so the
//                                 0 --c1-----> 1                ring leaves those chunks out
//
// Cost: ceil(log2 n) + n - 1 rounds; at most 2 (n - 1) / n * bytes sent per rank. For large vectors on few ranks.
// Source: Barnett, Gupta, Payne, Shuler, van de Geijn, Watts: "Interprocessor collective communication library
// (InterCom)", SHPCC (1994).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_SCATTER_RING_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_SCATTER_RING_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::broadcast {

Schedule BuildScatterRing(const Shape& shape, int rank);

}  // namespace tutti::broadcast

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_SCATTER_RING_H_
