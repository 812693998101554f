// SPDX-License-Identifier: Apache-2.0
// Hierarchical: the ranks of a host reduce among themselves, then each of L leaders per host reduces its slice with the
// leaders of that slice on the other hosts, and spreads the result on its own host.
//
//   host A   0 1 2          slice 0     slice 1        0 1 2
//             \|/  reduce    0 <-> 3     1 <-> 4        /|\  spread
//   host B   3 4            all_reduce between hosts   3 4
//
// Between hosts it is the same again where there are levels above: the hosts of a rack reduce a slice among themselves, cut it
// into slices of slices for their leaders, and so on, to the widest level. That is a composition of schedules
// (collectives/schedule/embed.h): each level knows of the next one only that it is an all_reduce in place. Short slices, and
// racks of very different sizes, go between all hosts at once, which are then in the order of their racks.
//
// L is the size of the smallest host, so that every slice has a leader everywhere, and each leader has a path of its own
// between the hosts; 1 for a short vector, whose cost is in the number of messages. Long vectors are cut into pieces, so
// that hosts reduce one piece among themselves while another one is between hosts.
//
// Cost with h hosts of m ranks: 2 rounds inside, and those of the all_reduce of h ranks between hosts. Between hosts
// 2(h-1)/h x bytes leave each host, the least possible, and 1/m of that goes through each rank; of g racks, 2(g-1)/g x bytes.
// Source: Jain, Kaleem et al., "Framework for scalable intra-node collective operations using shared memory", SC 2018;
// the multi-leader form is Bayatpour et al., "Scalable reduction collectives with data partitioning-based multi-leader
// design", SC 2017.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_HIERARCHICAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_HIERARCHICAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildHierarchical(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_HIERARCHICAL_H_
