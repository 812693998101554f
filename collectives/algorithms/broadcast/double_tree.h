// SPDX-License-Identifier: Apache-2.0
// Double tree: the root feeds each half of the vector, segment by segment, into one of two binary trees over the other
// ranks; a rank that passes one half on is a leaf for the other (the drawing is in patterns/double_tree.h).
//
// Cost: about log2(n) + segments rounds; bytes sent per rank. For large vectors.
// Source: Sanders, Speck, Traeff: "Two-tree algorithms for full bandwidth broadcast, reduction and scan", Parallel
// Computing 35 (2009).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_DOUBLE_TREE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_DOUBLE_TREE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::broadcast {

Schedule BuildDoubleTree(const Shape& shape, int rank);

}  // namespace tutti::broadcast

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_DOUBLE_TREE_H_
