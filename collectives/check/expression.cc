// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/expression.h"

#include <algorithm>
#include <bit>

#include "absl/strings/str_cat.h"

namespace tutti::check {
namespace {

constexpr size_t kRanksPerWord = 64;
constexpr size_t kMaxTextLength = 160;

}  // namespace

ExpressionTable::ExpressionTable(int num_ranks)
    : num_ranks_(num_ranks), words_per_set_((static_cast<size_t>(num_ranks) + kRanksPerWord - 1) / kRanksPerWord) {
  sets_.resize(static_cast<size_t>(num_ranks) * words_per_set_);
  for (int rank = 0; rank < num_ranks; ++rank) {
    const auto index = static_cast<uint32_t>(rank);
    nodes_.push_back({Kind::kLeaf, 1, index, index, 0, 0, rank, rank, true});
    sets_[index * words_per_set_ + index / kRanksPerWord] = uint64_t{1} << (index % kRanksPerWord);
  }
}

ExpressionId ExpressionTable::Join(Kind kind, ExpressionId left, ExpressionId right) {
  const auto [it, is_new] = ids_.try_emplace(Key{kind, left, right}, static_cast<ExpressionId>(nodes_.size()));
  if (!is_new) return it->second;
  const auto set = static_cast<uint32_t>(sets_.size() / words_per_set_);
  sets_.resize(sets_.size() + words_per_set_);
  for (size_t word = 0; word < words_per_set_; ++word) {
    sets_[size_t{set} * words_per_set_ + word] = SetOf(left)[word] | SetOf(right)[word];
  }
  const Node& l = nodes_[left];
  const Node& r = nodes_[right];
  const bool ascends = l.ascends && r.ascends && l.last < r.first;
  nodes_.push_back({kind, l.num_contributors + r.num_contributors, set, left, right,
                    std::max(l.times_quantised, r.times_quantised), l.first, r.last, ascends});
  return it->second;
}

ExpressionId ExpressionTable::Wrap(Kind kind, ExpressionId operand) {
  const auto [it, is_new] = ids_.try_emplace(Key{kind, operand, 0}, static_cast<ExpressionId>(nodes_.size()));
  if (is_new) {
    Node node = nodes_[operand];
    node.kind = kind;
    node.left = operand;
    node.right = 0;
    if (kind == Kind::kQuantise) ++node.times_quantised;
    nodes_.push_back(node);
  }
  return it->second;
}

int ExpressionTable::CommonContributor(ExpressionId a, ExpressionId b) const {
  for (size_t word = 0; word < words_per_set_; ++word) {
    const uint64_t common = SetOf(a)[word] & SetOf(b)[word];
    if (common != 0) return static_cast<int>(word * kRanksPerWord) + std::countr_zero(common);
  }
  return -1;
}

int ExpressionTable::MissingContributor(ExpressionId id) const {
  for (int rank = 0; rank < num_ranks_; ++rank) {
    const auto bit = static_cast<size_t>(rank);
    if ((SetOf(id)[bit / kRanksPerWord] >> (bit % kRanksPerWord) & 1) == 0) return rank;
  }
  return -1;
}

std::string ExpressionTable::ToString(ExpressionId id) const {
  std::string text;
  Append(id, &text);
  if (text.size() > kMaxTextLength) text.replace(kMaxTextLength, std::string::npos, "...");
  return text;
}

void ExpressionTable::Append(ExpressionId id, std::string* text) const {
  if (text->size() > kMaxTextLength) return;  // bounds the recursion too: each level adds text before it descends
  const Node& node = nodes_[id];
  switch (node.kind) {
    case Kind::kLeaf:
      absl::StrAppend(text, "r", id);
      return;
    case Kind::kCombine:
      absl::StrAppend(text, "(");
      Append(node.left, text);
      absl::StrAppend(text, " + ");
      Append(node.right, text);
      absl::StrAppend(text, ")");
      return;
    case Kind::kOpen:
      absl::StrAppend(text, "many(");
      Append(node.left, text);
      return;
    case Kind::kAppend: {
      // A chain of many operands is as deep as it is long: find its start first.
      std::vector<ExpressionId> operands;
      ExpressionId link = id;
      for (; nodes_[link].kind == Kind::kAppend; link = nodes_[link].left) operands.push_back(nodes_[link].right);
      Append(link, text);
      for (auto operand = operands.rbegin(); operand != operands.rend(); ++operand) {
        absl::StrAppend(text, " + ");
        Append(*operand, text);
      }
      return;
    }
    case Kind::kClose:
      Append(node.left, text);
      absl::StrAppend(text, ")");
      return;
    case Kind::kFinish:
      absl::StrAppend(text, "finish ");
      Append(node.left, text);
      return;
    case Kind::kQuantise:
      absl::StrAppend(text, "q(");
      Append(node.left, text);
      absl::StrAppend(text, ")");
      return;
  }
}

}  // namespace tutti::check
