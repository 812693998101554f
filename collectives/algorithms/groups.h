// SPDX-License-Identifier: Apache-2.0
// A shape's groups of the finest level (hosts, mostly) as one rank sees them. Groups are numbered in the order of the wider
// levels, so that those of a rack follow each other, and within it by their first ranks; ranks within a group have places in
// rank order. So all ranks see the same.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_GROUPS_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_GROUPS_H_

#include <algorithm>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"

#include "collectives/schedule/levels.h"
#include "collectives/schedule/shape.h"

namespace tutti {

class Groups {
 public:
  Groups(const Shape& shape, int rank) {
    const std::vector<absl::Span<const int>> levels = LevelsFinestFirst(shape);
    absl::flat_hash_map<int, size_t> known;
    for (const int r : RanksByLevel(shape)) {
      const int name = levels.empty() ? 0 : levels.front()[static_cast<size_t>(r)];
      const size_t group = known.try_emplace(name, groups_.size()).first->second;
      if (group == groups_.size()) groups_.emplace_back();
      if (r == rank) {
        group_ = static_cast<int>(group);
        place_ = static_cast<int>(groups_[group].size());
      }
      groups_[group].push_back(r);
    }
    smallest_ = largest_ = static_cast<int>(groups_[0].size());
    for (const auto& group : groups_) {
      smallest_ = std::min(smallest_, static_cast<int>(group.size()));
      largest_ = std::max(largest_, static_cast<int>(group.size()));
    }
  }

  int num_groups() const { return static_cast<int>(groups_.size()); }
  int smallest() const { return smallest_; }  // size of the smallest group
  int largest() const { return largest_; }

  // Of this rank.
  int group() const { return group_; }
  int place() const { return place_; }
  const std::vector<int>& members() const { return groups_[static_cast<size_t>(group_)]; }
  const std::vector<int>& members(int group) const { return groups_[static_cast<size_t>(group)]; }

  // The others of this rank's group, from the one after it on: so that nobody is everybody's first.
  std::vector<int> OthersHere() const {
    std::vector<int> others(members().begin() + place_ + 1, members().end());
    others.insert(others.end(), members().begin(), members().begin() + place_);
    return others;
  }

  // A lane is a path between groups: from the leader at that place of one to the leaders at the same place of the others. There
  // are as many as the smallest group has ranks, and each leader stands for every so-manieth rank of its group.
  int num_lanes() const { return smallest_; }
  bool is_leader() const { return place_ < smallest_; }
  int Leader(int group, int lane) const { return members(group)[static_cast<size_t>(lane)]; }
  // Those of the group for whom the leader of the lane stands, itself first.
  std::vector<int> OfLane(int group, int lane) const {
    std::vector<int> ranks;
    for (size_t place = static_cast<size_t>(lane); place < members(group).size();
         place += static_cast<size_t>(smallest_)) {
      ranks.push_back(members(group)[place]);
    }
    return ranks;
  }

  // The rank at that place in each group; place < smallest().
  std::vector<int> AtPlace(int place) const {
    std::vector<int> ranks;
    for (const auto& group : groups_) ranks.push_back(group[static_cast<size_t>(place)]);
    return ranks;
  }

 private:
  std::vector<std::vector<int>> groups_;
  int group_ = 0;
  int place_ = 0;
  int smallest_ = 0;
  int largest_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_GROUPS_H_
