// SPDX-License-Identifier: Apache-2.0
// Algorithms see ranks in the order of their numbers, and in trees neighbours in it are mostly near each other. Where ranks
// are dealt out to hosts by turns (mpirun --map-by node) every neighbour would be on another host. Here the algorithm is built
// for ranks in the order of their hosts, racks and so on, so that a tree comes to each of these about once; the user's ranks stay
// what they are.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_PLACED_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_PLACED_H_

#include "collectives/algorithms/registry.h"
#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti {

// algorithm.build, for ranks in the order of RanksByLevel where that is another one, of broadcast, reduce and barrier: not with
// blocks by rank, nor for all_reduce, whose hierarchical form and ring look at levels themselves. `in_rank_order`: operands must
// stay in that of ranks.
Schedule BuildPlaced(const Algorithm& algorithm, const Shape& shape, int rank, bool in_rank_order);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_PLACED_H_
