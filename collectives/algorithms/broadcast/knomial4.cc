// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/broadcast/knomial4.h"

#include "collectives/algorithms/broadcast/along_tree.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti::broadcast {

Schedule BuildKnomial4(const Shape& shape, int rank) {
  const KnomialTree tree = KnomialTreeOf(shape.num_ranks, shape.root, /*radix=*/4, rank);
  return AlongTree(shape, rank, tree.parent, tree.ChildRanks());
}

}  // namespace tutti::broadcast
