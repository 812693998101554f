// SPDX-License-Identifier: Apache-2.0
#include "collectives/patterns/double_tree.h"

#include <bit>
#include <cstddef>

namespace tutti {
namespace {

int Floor2(int value) { return static_cast<int>(std::bit_floor(static_cast<unsigned>(value))); }
int Log2(int value) { return value < 1 ? 0 : std::bit_width(static_cast<unsigned>(value)) - 1; }

// The in-order tree over positions 1..size: its root is the largest power of two in it, and so on in both halves. All
// inner nodes have even positions, as every offset on the way down is even.
BinaryTreeNode InOrderNode(int size, int position) {
  BinaryTreeNode node;
  int offset = 0;
  for (;;) {
    const int left_and_root = Floor2(size);
    const int root = offset + left_and_root;
    const int left_size = left_and_root - 1;
    const int right_size = size - left_and_root;
    if (position == root) {
      if (left_size > 0) node.children[static_cast<size_t>(node.num_children++)] = offset + Floor2(left_size);
      if (right_size > 0) node.children[static_cast<size_t>(node.num_children++)] = root + Floor2(right_size);
      return node;
    }
    node.parent = root;
    if (position < root) {
      size = left_size;
    } else {
      offset = root;
      size = right_size;
    }
  }
}

// Where node `label` (1..size) stands in the second tree, and who stands at a position.
int SecondPosition(int size, int label) {
  if (size % 2 == 0) return size + 1 - label;
  return label == 1 ? size : label - 1;
}
int SecondLabel(int size, int position) { return size % 2 == 0 ? size + 1 - position : position % size + 1; }

// Both trees over labels 1..size; to_rank turns a label into a rank.
template <typename ToRank>
std::array<BinaryTreeNode, 2> BothTrees(int size, int label, ToRank to_rank) {
  std::array<BinaryTreeNode, 2> nodes = {InOrderNode(size, label), InOrderNode(size, SecondPosition(size, label))};
  for (size_t tree = 0; tree < 2; ++tree) {
    BinaryTreeNode& node = nodes[tree];
    const auto rank_at = [&](int position) { return to_rank(tree == 0 ? position : SecondLabel(size, position)); };
    if (node.parent >= 0) node.parent = rank_at(node.parent);
    for (int c = 0; c < node.num_children; ++c) {
      int& child = node.children[static_cast<size_t>(c)];
      child = rank_at(child);
    }
  }
  return nodes;
}

}  // namespace

std::array<BinaryTreeNode, 2> DoubleTreeOf(int num_ranks, int rank) {
  return BothTrees(num_ranks, rank + 1, [](int label) { return label - 1; });
}

std::array<BinaryTreeNode, 2> RootedDoubleTreeOf(int num_ranks, int root, int rank) {
  const int size = num_ranks - 1;
  if (size == 0) return {};
  const auto to_rank = [&](int label) { return (label + root) % num_ranks; };
  if (rank == root) {
    const int top = Floor2(size);
    return {BinaryTreeNode{-1, 1, {to_rank(top), -1}}, BinaryTreeNode{-1, 1, {to_rank(SecondLabel(size, top)), -1}}};
  }
  std::array<BinaryTreeNode, 2> nodes = BothTrees(size, (rank + num_ranks - root) % num_ranks, to_rank);
  for (BinaryTreeNode& node : nodes) {
    if (node.parent < 0) node.parent = root;
  }
  return nodes;
}

int DoubleTreeHeight(int num_ranks) { return Log2(num_ranks); }

int RootedDoubleTreeHeight(int num_ranks) { return num_ranks < 2 ? 0 : Log2(num_ranks - 1) + 1; }

}  // namespace tutti
