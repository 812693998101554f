// SPDX-License-Identifier: Apache-2.0
// Hierarchical: a rank gives its block to the ranks of its host, and each of L leaders per host exchanges blocks with the leaders
// of its lane on the other hosts; what comes from there it gives to the ranks of its host at once.
//
//   host A   0 1 2         between hosts: 0 <-> 3 with the blocks of 0, 2 and of 3     inside: everyone to everyone,
//   host B   3 4                          1 <-> 4 with those of 1 and of 4             leaders what comes from outside, too
//
// L is the size of the smallest host, so that every lane has a leader everywhere; with hosts alike each rank is the leader for
// its own block. Between hosts blocks go round by a circulant graph, long ones in a ring.
//
// Between hosts it is the same again where there are levels above (racks, pods): a host is then what a rank is here, and what comes
// from another rack is given to the rack's other hosts, and by these to their ranks.
//
// Cost with h hosts of m ranks: log h rounds between hosts (h-1, pipelined, in a ring) and two inside. Each block comes to each
// other host (and rack) once, the least possible, and 1/m of what comes to a host through each of its ranks. Each rank sends up to
// (n-1) m / L blocks inside its host.
// Source: as for all_reduce (../all_reduce/hierarchical.h); the lanes are those of Traeff, "Decomposing collectives for
// exploiting multi-lane communication", CLUSTER 2020.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_HIERARCHICAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_HIERARCHICAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_gather {

Schedule BuildHierarchical(const Shape& shape, int rank);

}  // namespace tutti::all_gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_HIERARCHICAL_H_
