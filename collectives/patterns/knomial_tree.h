// SPDX-License-Identifier: Apache-2.0
// K-nomial tree over any number of ranks, from any root. Radix 2 is the binomial tree: in each round every rank that
// has the data sends it to one that has not, so it reaches everyone in ceil(log2 n) rounds.
//
//   radix 2, 8 ranks, root 0:         0
//                                  /  |  \       ranks relative to the root; a rank's parent is its number with the
//                                 4   2   1      lowest non-zero digit (in base `radix`) cleared
//                                / \  |
//                               6   5 3
//                               |
//                               7
//
// A larger radix makes the tree flatter and its inner ranks busier. Every subtree is a stretch of consecutive relative
// ranks that begins with its own root, so parts of a vector can be scattered along it without copies.
//
// Source: folklore; see Thakur, Rabenseifner, Gropp: "Optimization of Collective Communication Operations in MPICH",
// IJHPCA 19 (2005), for the binomial tree.
#ifndef TUTTI_COLLECTIVES_PATTERNS_KNOMIAL_TREE_H_
#define TUTTI_COLLECTIVES_PATTERNS_KNOMIAL_TREE_H_

#include <vector>

namespace tutti {

struct KnomialTree {
  struct Child {
    int rank = 0;
    int relative = 0;      // (rank - root) mod n
    int subtree_size = 0;  // it and its descendants: relative ranks [relative, relative + subtree_size)
  };

  int relative = 0;
  int subtree_size = 0;
  int parent = -1;              // -1 at the root
  std::vector<Child> children;  // largest subtrees first: the order in which a broadcast serves them

  std::vector<int> ChildRanks() const;  // in that order
};

// The rank's place in the tree. num_ranks >= 1, radix >= 2.
KnomialTree KnomialTreeOf(int num_ranks, int root, int radix, int rank);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_KNOMIAL_TREE_H_
