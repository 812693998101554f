// SPDX-License-Identifier: Apache-2.0
#include "collectives/patterns/double_tree.h"

#include <algorithm>
#include <array>
#include <vector>

#include "gtest/gtest.h"

namespace tutti {
namespace {

constexpr int kMaxRanks = 130;

using Nodes = std::vector<std::array<BinaryTreeNode, 2>>;  // by rank

Nodes Unrooted(int n) {
  Nodes nodes;
  for (int rank = 0; rank < n; ++rank) nodes.push_back(DoubleTreeOf(n, rank));
  return nodes;
}

Nodes Rooted(int n, int root) {
  Nodes nodes;
  for (int rank = 0; rank < n; ++rank) nodes.push_back(RootedDoubleTreeOf(n, root, rank));
  return nodes;
}

const BinaryTreeNode& At(const Nodes& nodes, size_t tree, int rank) { return nodes[static_cast<size_t>(rank)][tree]; }

// One root, parents and children agree, everyone is reached, and nobody is deeper than `height`.
void ExpectTree(const Nodes& nodes, size_t tree, int height) {
  const int n = static_cast<int>(nodes.size());
  int roots = 0;
  int deepest = 0;
  for (int rank = 0; rank < n; ++rank) {
    const BinaryTreeNode& node = At(nodes, tree, rank);
    roots += node.parent < 0 ? 1 : 0;
    for (int c = 0; c < node.num_children; ++c) {
      EXPECT_EQ(At(nodes, tree, node.children[static_cast<size_t>(c)]).parent, rank);
    }
    if (node.num_children == 2) {
      EXPECT_NE(node.children[0], node.children[1]);
    }
    if (node.parent >= 0) {
      const BinaryTreeNode& parent = At(nodes, tree, node.parent);
      EXPECT_TRUE(std::count(parent.children.begin(), parent.children.begin() + parent.num_children, rank) == 1);
    }
    int depth = 0;
    for (int r = rank; At(nodes, tree, r).parent >= 0 && depth <= n; r = At(nodes, tree, r).parent) ++depth;
    deepest = std::max(deepest, depth);
  }
  EXPECT_EQ(roots, 1);
  EXPECT_EQ(deepest, height);
}

TEST(DoubleTree, BothAreSpanningTreesOfLogarithmicHeight) {
  for (int n = 1; n <= kMaxRanks; ++n) {
    SCOPED_TRACE(n);
    const Nodes nodes = Unrooted(n);
    for (size_t tree = 0; tree < 2; ++tree) ExpectTree(nodes, tree, DoubleTreeHeight(n));
  }
}

TEST(DoubleTree, EveryRankIsAnInnerNodeInOneTreeAtMost) {
  for (int n = 2; n <= kMaxRanks; ++n) {
    const Nodes nodes = Unrooted(n);
    for (int rank = 0; rank < n; ++rank) {
      EXPECT_FALSE(At(nodes, 0, rank).num_children > 0 && At(nodes, 1, rank).num_children > 0) << rank << " of " << n;
    }
  }
}

TEST(DoubleTree, SevenRanksAreAsDrawn) {
  const Nodes nodes = Unrooted(7);  // rank = drawn number - 1
  EXPECT_EQ(At(nodes, 0, 3), (BinaryTreeNode{-1, 2, {1, 5}}));
  EXPECT_EQ(At(nodes, 1, 4), (BinaryTreeNode{-1, 2, {2, 6}}));
  EXPECT_EQ(At(nodes, 1, 6), (BinaryTreeNode{4, 2, {5, 0}}));
}

TEST(RootedDoubleTree, BothAreSpanningTreesBelowTheSameRoot) {
  for (int n = 1; n <= 40; ++n) {
    for (int root : {0, n / 2, n - 1}) {
      SCOPED_TRACE(testing::Message() << n << " ranks, root " << root);
      const Nodes nodes = Rooted(n, root);
      for (size_t tree = 0; tree < 2; ++tree) {
        ExpectTree(nodes, tree, RootedDoubleTreeHeight(n));
        EXPECT_EQ(At(nodes, tree, root).parent, -1);
        EXPECT_EQ(At(nodes, tree, root).num_children, n > 1 ? 1 : 0);
      }
    }
  }
}

TEST(RootedDoubleTree, EveryOtherRankIsAnInnerNodeInOneTreeAtMost) {
  for (int n = 2; n <= kMaxRanks; ++n) {
    const int root = n / 3;
    const Nodes nodes = Rooted(n, root);
    for (int rank = 0; rank < n; ++rank) {
      if (rank == root) continue;
      EXPECT_FALSE(At(nodes, 0, rank).num_children > 0 && At(nodes, 1, rank).num_children > 0) << rank << " of " << n;
    }
  }
}

}  // namespace
}  // namespace tutti
