// SPDX-License-Identifier: Apache-2.0
// Double tree: half of the vector is reduced up one binary tree and broadcast down again, the other half along a second
// tree, in which the first one's inner ranks are leaves (the drawing is in patterns/double_tree.h). Both halves are cut
// into segments that follow each other through the trees.
//
//   segments:   5 4 3 ... up   /\   ... 2 1 0 down        the first ones come down while the last ones still go up
//
// Cost: about 2 log2(n) + segments rounds; at most 2 * bytes sent and bytes reduced per rank; no scratch.
// For large vectors on many ranks, where a ring's 2 (n - 1) rounds cost too much.
// Source: Sanders, Speck, Traeff: "Two-tree algorithms for full bandwidth broadcast, reduction and scan", Parallel
// Computing 35 (2009).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_DOUBLE_TREE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_DOUBLE_TREE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildDoubleTree(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_DOUBLE_TREE_H_
