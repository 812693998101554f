// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce/knomial4.h"

#include "collectives/algorithms/reduce/along_tree.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti::reduce {

Schedule BuildKnomial4(const Shape& shape, int rank) {
  const KnomialTree tree = KnomialTreeOf(shape.num_ranks, shape.root, /*radix=*/4, rank);
  return AlongTree(shape, rank, tree.parent, tree.ChildRanks());
}

}  // namespace tutti::reduce
