// SPDX-License-Identifier: Apache-2.0
// Ring: the vector is cut into one chunk per rank. The chunks go round once and every rank adds its part to what passes
// by (reduce-scatter); then the finished chunks go round once more (all-gather).
//
//   reduce-scatter, chunk 0:  x0 at rank 0 --> x0+x1 at rank 1 --> x0+x1+x2 at rank 2 --> ... complete at rank n-1
//   all-gather,     chunk 0:  rank n-1 --> rank 0 --> rank 1 --> ...
//
// Each chunk is cut into segments, so that a segment moves on while the next one is still on its way. Every partial sum
// lies in the output and is made of the message and the input directly: nothing is copied, no scratch is needed.
//
// The ring goes through each host and rack once (../rank_order.h).
//
// Cost: 2 (n - 1) rounds; 2 (n - 1) / n * bytes sent per rank, which is the least possible; (n - 1) / n * bytes
// reduced. For large vectors. Source: Patarasuk, Yuan: "Bandwidth optimal all-reduce algorithms for clusters of
// workstations", JPDC 69 (2009).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_RING_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_RING_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildRing(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_RING_H_
