// SPDX-License-Identifier: Apache-2.0
#include "collectives/patterns/knomial_tree.h"

#include <algorithm>
#include <cstdint>

namespace tutti {

std::vector<int> KnomialTree::ChildRanks() const {
  std::vector<int> ranks;
  for (const Child& child : children) ranks.push_back(child.rank);
  return ranks;
}

KnomialTree KnomialTreeOf(int num_ranks, int root, int radix, int rank) {
  KnomialTree tree;
  tree.relative = (rank + num_ranks - root) % num_ranks;
  const auto rank_of = [&](int64_t relative) { return static_cast<int>((relative + root) % num_ranks); };
  // The weight of the lowest non-zero digit; for the root, the first weight that no relative rank reaches.
  int64_t weight = 1;
  while (weight < num_ranks && tree.relative / weight % radix == 0) weight *= radix;
  tree.subtree_size = static_cast<int>(std::min<int64_t>(weight, num_ranks - tree.relative));
  if (tree.relative != 0) tree.parent = rank_of(tree.relative - tree.relative / weight % radix * weight);

  for (weight /= radix; weight >= 1; weight /= radix) {
    for (int digit = radix - 1; digit >= 1; --digit) {
      const int64_t child = tree.relative + digit * weight;
      if (child >= num_ranks) continue;
      const int64_t size = std::min<int64_t>(weight, num_ranks - child);
      tree.children.push_back({rank_of(child), static_cast<int>(child), static_cast<int>(size)});
    }
  }
  // Where the ranks end, a subtree is cut off and may be smaller than one of a lower weight.
  std::stable_sort(tree.children.begin(), tree.children.end(),
                   [](const auto& a, const auto& b) { return a.subtree_size > b.subtree_size; });
  return tree;
}

}  // namespace tutti
