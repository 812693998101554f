// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/placed.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "absl/container/flat_hash_map.h"

namespace tutti {

std::vector<int> RanksByGroup(const Shape& shape) {
  absl::flat_hash_map<int, int> number_of;  // of a group, in the order of first ranks
  for (const int group : shape.groups) number_of.try_emplace(group, static_cast<int>(number_of.size()));
  const auto group_of = [&](int rank) { return number_of[shape.groups[static_cast<size_t>(rank)]]; };
  std::vector<int> order(shape.groups.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return group_of(a) < group_of(b); });
  if (std::is_sorted(order.begin(), order.end())) order.clear();
  return order;
}

Schedule BuildPlaced(const Algorithm& algorithm, const Shape& shape, int rank, bool in_rank_order) {
  const bool is_placed = shape.collective == Collective::kBroadcast || shape.collective == Collective::kReduce ||
                         shape.collective == Collective::kBarrier;
  if (in_rank_order || !is_placed) return algorithm.build(shape, rank);
  const std::vector<int> order = RanksByGroup(shape);
  if (order.empty()) return algorithm.build(shape, rank);
  const auto place_of = [&order](int r) {
    return static_cast<int>(std::find(order.begin(), order.end(), r) - order.begin());
  };
  Shape placed = shape;
  placed.groups = {};
  placed.root = place_of(shape.root);
  Schedule schedule = algorithm.build(placed, place_of(rank));
  for (Step& step : schedule.steps) {
    if (step.peer >= 0) step.peer = order[static_cast<size_t>(step.peer)];
  }
  return schedule;
}

}  // namespace tutti
