// SPDX-License-Identifier: Apache-2.0
// Double tree: the two halves of the vector are reduced, segment by segment, along two binary trees over the other
// ranks; a rank that reduces one half is a leaf for the other (the drawing is in patterns/double_tree.h). The root adds
// its own part at the end.
//
// Cost: about log2(n) + segments rounds; bytes sent per rank and reduced; a few segments of scratch. For large vectors.
// Source: Sanders, Speck, Traeff: "Two-tree algorithms for full bandwidth broadcast, reduction and scan", Parallel
// Computing 35 (2009).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_DOUBLE_TREE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_DOUBLE_TREE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce {

Schedule BuildDoubleTree(const Shape& shape, int rank);

}  // namespace tutti::reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_DOUBLE_TREE_H_
