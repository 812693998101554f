// SPDX-License-Identifier: Apache-2.0
// Double binary tree: two trees over the same ranks, made so that every rank is an inner node in at most one of them. A
// leaf only receives (or only sends), so half of the data through each tree loads every rank's link in both directions
// fully, where a single tree would leave its leaves' links half idle.
//
//   7 nodes:      4                 5           in-order trees have their leaves at the odd positions; the second
//               /   \             /   \         is the first with the nodes moved on by one (odd number of nodes)
//              2     6           3     7        or mirrored (even number), which turns even positions
//             / \   / \         / \   / \       into odd ones
//            1   3 5   7       2   4 6   1
//
// Source: Sanders, Speck, Traeff: "Two-tree algorithms for full bandwidth broadcast, reduction and scan", Parallel
// Computing 35 (2009).
#ifndef TUTTI_COLLECTIVES_PATTERNS_DOUBLE_TREE_H_
#define TUTTI_COLLECTIVES_PATTERNS_DOUBLE_TREE_H_

#include <array>

namespace tutti {

struct BinaryTreeNode {
  int parent = -1;  // -1: none
  int num_children = 0;
  std::array<int, 2> children = {-1, -1};  // the first num_children

  friend bool operator==(const BinaryTreeNode&, const BinaryTreeNode&) = default;
};

// The rank's places in two trees over all ranks, each with a root of its own. num_ranks >= 1.
std::array<BinaryTreeNode, 2> DoubleTreeOf(int num_ranks, int rank);

// The same over all ranks but `root`, with `root` on top of both: it has one child in each tree, the tree's own root.
// (With two ranks both trees are the same edge.)
std::array<BinaryTreeNode, 2> RootedDoubleTreeOf(int num_ranks, int root, int rank);

// Edges on the longest way from a tree's root to a leaf, in DoubleTreeOf and (one more) in RootedDoubleTreeOf.
int DoubleTreeHeight(int num_ranks);
int RootedDoubleTreeHeight(int num_ranks);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_DOUBLE_TREE_H_
