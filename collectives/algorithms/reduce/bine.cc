// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce/bine.h"

#include "collectives/algorithms/reduce/along_tree.h"
#include "collectives/patterns/bine_tree.h"

namespace tutti::reduce {

Schedule BuildBine(const Shape& shape, int rank) {
  const BineTree tree = BineTreeOf(shape.num_ranks, shape.root, rank);
  return AlongTree(shape, rank, tree.parent, tree.children);
}

}  // namespace tutti::reduce
