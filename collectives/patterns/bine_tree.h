// SPDX-License-Identifier: Apache-2.0
// Bine tree (binomial negabinary): as many rounds as the binomial tree, but the edges of a round reach a third less
// far, because data goes both ways from the root. Ranks are numbered relative to the root, on both sides of it, and
// written in base -2; an edge flips the lowest digits if they are all alike.
//
//   8 ranks, root 0:                 0 = 000             distances 3, 1, 1 instead of 4, 2, 1
//                                 /     |    \           (with 16: 5, 3, 1, 1 instead of 8, 4, 2, 1)
//                      111 = 3       011 = -1   001 = 1
//                      /    \           |
//              100 = 4   110 = 2     010 = -2            digits:  100 = 4,  010 = -2,  001 = 1
//                 |
//              101 = 5
//
// A rank's parent differs from it in its run of equal lowest digits, whose length says in which round it is reached.
// For rank counts that are no power of two, the first ranks from the root on are folded: each second one is a leaf
// below the one before it, and the others make up the tree.
//
// Source: De Sensi et al.: "Bine Trees: Enhancing Collective Operations by Optimizing Communication Locality", SC 2025,
// arXiv:2508.17311, for powers of two; the fold is that of recursive_doubling.h.
#ifndef TUTTI_COLLECTIVES_PATTERNS_BINE_TREE_H_
#define TUTTI_COLLECTIVES_PATTERNS_BINE_TREE_H_

#include <vector>

namespace tutti {

struct BineTree {
  int parent = -1;            // -1 at the root
  std::vector<int> children;  // largest subtrees first: the order in which a broadcast serves them
};

// The rank's place in the tree. num_ranks >= 1.
BineTree BineTreeOf(int num_ranks, int root, int rank);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_BINE_TREE_H_
