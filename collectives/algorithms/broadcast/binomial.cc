// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/broadcast/binomial.h"

#include "collectives/algorithms/broadcast/along_tree.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti::broadcast {

Schedule BuildBinomial(const Shape& shape, int rank) {
  const KnomialTree tree = KnomialTreeOf(shape.num_ranks, shape.root, /*radix=*/2, rank);
  return AlongTree(shape, rank, tree.parent, tree.ChildRanks());
}

}  // namespace tutti::broadcast
