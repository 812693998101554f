// SPDX-License-Identifier: Apache-2.0
// The symbols that the checker computes with: expressions over the ranks' contributions. Equal expressions have equal
// ids, so "the same bits on all ranks" is a comparison of two integers. An expression does not say which element it is
// of: long vectors share one.
#ifndef TUTTI_COLLECTIVES_CHECK_EXPRESSION_H_
#define TUTTI_COLLECTIVES_CHECK_EXPRESSION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace tutti::check {

using ExpressionId = uint32_t;

class ExpressionTable {
 public:
  explicit ExpressionTable(int num_ranks);

  // What a rank contributes. Its id is the rank.
  ExpressionId Leaf(int rank) const { return static_cast<ExpressionId>(rank); }

  // left op right, by the kernel of two operands. The two share no contribution and are not finished.
  ExpressionId Combine(ExpressionId left, ExpressionId right) { return Join(Kind::kCombine, left, right); }

  // left op right op ..., by the kernel of many operands, which rounds once: another value than a chain of Combine.
  // Made of calls: first = Open(a), then Append(first, b), ..., and Close(last). The same preconditions.
  ExpressionId Open(ExpressionId first) { return Wrap(Kind::kOpen, first); }
  ExpressionId Append(ExpressionId open, ExpressionId next) { return Join(Kind::kAppend, open, next); }
  ExpressionId Close(ExpressionId open) { return Wrap(Kind::kClose, open); }

  // What is left of a value that was encoded. Not a contribution of its own, and as finished as it was.
  ExpressionId Quantise(ExpressionId value) { return Wrap(Kind::kQuantise, value); }
  // How often any part of the value was encoded on its way.
  int TimesQuantised(ExpressionId id) const { return nodes_[id].times_quantised; }

  // The finished average.
  ExpressionId Finish(ExpressionId sum) { return Wrap(Kind::kFinish, sum); }
  bool IsFinished(ExpressionId id) const {
    while (nodes_[id].kind == Kind::kQuantise) id = nodes_[id].left;
    return nodes_[id].kind == Kind::kFinish;
  }

  // Whether every rank contributes (none twice: Combine and Append allow no such thing).
  bool IsComplete(ExpressionId id) const { return nodes_[id].num_contributors == num_ranks_; }

  // Whether the contributing ranks ascend from left to right: what an operation that does not commute needs.
  bool IsInRankOrder(ExpressionId id) const { return nodes_[id].ascends; }

  // A rank that contributes to both, or -1.
  int CommonContributor(ExpressionId a, ExpressionId b) const;

  // The lowest rank that does not contribute, or -1.
  int MissingContributor(ExpressionId id) const;

  // "((r0 + r1) + r2)", shortened if long.
  std::string ToString(ExpressionId id) const;

 private:
  enum class Kind : uint8_t { kLeaf, kCombine, kOpen, kAppend, kClose, kFinish, kQuantise };

  struct Node {
    Kind kind;
    int num_contributors;
    uint32_t contributors;  // index of the set in sets_
    ExpressionId left;
    ExpressionId right;
    int times_quantised;
    int first;  // the leftmost contributor, and the rightmost
    int last;
    bool ascends;  // from the one to the other
  };

  struct Key {
    Kind kind;
    ExpressionId left;
    ExpressionId right;
    friend bool operator==(const Key&, const Key&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& k) {
      return H::combine(std::move(h), k.kind, k.left, k.right);
    }
  };

  ExpressionId Join(Kind kind, ExpressionId left, ExpressionId right);
  ExpressionId Wrap(Kind kind, ExpressionId operand);
  const uint64_t* SetOf(ExpressionId id) const { return &sets_[size_t{nodes_[id].contributors} * words_per_set_]; }
  void Append(ExpressionId id, std::string* text) const;

  const int num_ranks_;
  const size_t words_per_set_;
  std::vector<Node> nodes_;
  std::vector<uint64_t> sets_;  // sets of ranks, one bit each
  absl::flat_hash_map<Key, ExpressionId> ids_;
};

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_EXPRESSION_H_
