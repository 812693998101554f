// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce/binomial.h"

#include "collectives/algorithms/reduce/along_tree.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti::reduce {

Schedule BuildBinomial(const Shape& shape, int rank) {
  const KnomialTree tree = KnomialTreeOf(shape.num_ranks, shape.root, /*radix=*/2, rank);
  return AlongTree(shape, rank, tree.parent, tree.ChildRanks());
}

}  // namespace tutti::reduce
