// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/levels.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"

namespace tutti {
namespace {

using Level = std::vector<int>;

// The groups numbered as they come, so that equal partitions are equal lists.
Level Numbered(const Level& level, absl::Span<const int> ranks) {
  absl::flat_hash_map<int, int> known;
  Level numbered;
  for (const int rank : ranks) {
    const int next = static_cast<int>(known.size());
    numbered.push_back(known.try_emplace(level[static_cast<size_t>(rank)], next).first->second);
  }
  const bool says_nothing = known.size() <= 1 || known.size() == ranks.size();
  return says_nothing ? Level() : numbered;
}

// Whether the level's groups hold about as many groups of the level below; that one empty: as many ranks. Both numbered.
bool IsEven(const Level& level, const Level& below) {
  std::vector<int> held;
  absl::flat_hash_set<int> counted;
  for (size_t i = 0; i < level.size(); ++i) {
    if (!below.empty() && !counted.insert(below[i]).second) continue;
    held.resize(std::max(held.size(), static_cast<size_t>(level[i]) + 1));
    ++held[static_cast<size_t>(level[i])];
  }
  const auto [least, most] = std::minmax_element(held.begin(), held.end());
  return 2 * *least >= *most;
}

}  // namespace

Levels Levels::Among(absl::Span<const int> ranks) const {
  Levels among;
  if (!groups.empty()) among.groups = Numbered(groups, ranks);
  const Level* last = nullptr;
  for (const Level& level : finer) {
    Level numbered = Numbered(level, ranks);
    if (numbered.empty() || numbered == among.groups || (last != nullptr && numbered == *last)) continue;
    among.finer.push_back(std::move(numbered));
    last = &among.finer.back();
  }
  Level below = among.groups;
  among.wider_is_even = true;
  for (const Level& level : wider) {
    Level numbered = Numbered(level, ranks);
    if (numbered.empty() || numbered == below) continue;
    among.wider_is_even &= IsEven(numbered, below);
    among.wider.push_back(numbered);
    below = std::move(numbered);
  }
  return among;
}

Levels LevelsOf(const Shape& shape) {
  return {{shape.finer.begin(), shape.finer.end()},
          {shape.groups.begin(), shape.groups.end()},
          {shape.wider.begin(), shape.wider.end()},
          shape.wider_is_even};
}

std::vector<absl::Span<const int>> LevelsFinestFirst(const Shape& shape) {
  std::vector<absl::Span<const int>> levels(shape.finer.begin(), shape.finer.end());
  if (!shape.groups.empty()) levels.push_back(shape.groups);
  levels.insert(levels.end(), shape.wider.begin(), shape.wider.end());
  return levels;
}

std::vector<int> RanksByLevel(const Shape& shape) {
  std::vector<int> order(static_cast<size_t>(shape.num_ranks));
  std::iota(order.begin(), order.end(), 0);
  // Sorted by the finest level first: each later sort keeps the order within its groups.
  for (const absl::Span<const int> level : LevelsFinestFirst(shape)) {
    absl::flat_hash_map<int, size_t> known;
    std::vector<std::vector<int>> groups;
    for (const int rank : order) {
      const size_t group = known.try_emplace(level[static_cast<size_t>(rank)], groups.size()).first->second;
      if (group == groups.size()) groups.emplace_back();
      groups[group].push_back(rank);
    }
    order.clear();
    for (const std::vector<int>& group : groups) order.insert(order.end(), group.begin(), group.end());
  }
  return order;
}

}  // namespace tutti
