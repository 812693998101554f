// SPDX-License-Identifier: Apache-2.0
// Hierarchical: all_gather's way (../all_gather/hierarchical.h) backwards. On each host the leader of a lane reduces what the
// host's ranks have of all blocks of its lane; then the leaders of a lane exchange these, each block to the leader that stands
// for its owner, which reduces them and gives them to whom they belong.
//
// Between hosts it is the same again where there are levels above (racks, pods), so that one sum of each block leaves a rack.
//
// Cost with h hosts of m ranks: one round inside, one between hosts, and one inside where hosts differ in size. The ranks of a
// host get (h-1) blocks each from outside, the least possible, and 1/m of that comes through each of them.
// Scratch: the blocks of a lane, n / L; none where a host has one rank.
// Source: as there.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_HIERARCHICAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_HIERARCHICAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce_scatter {

Schedule BuildHierarchical(const Shape& shape, int rank);

}  // namespace tutti::reduce_scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_HIERARCHICAL_H_
