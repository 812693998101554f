// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/placed.h"

#include <algorithm>
#include <cstddef>

#include "collectives/schedule/levels.h"

namespace tutti {

Schedule BuildPlaced(const Algorithm& algorithm, const Shape& shape, int rank, bool in_rank_order) {
  const bool is_placed = shape.collective == Collective::kBroadcast || shape.collective == Collective::kReduce ||
                         shape.collective == Collective::kBarrier;
  if (in_rank_order || !is_placed) return algorithm.build(shape, rank);
  const std::vector<int> order = RanksByLevel(shape);
  if (std::is_sorted(order.begin(), order.end())) return algorithm.build(shape, rank);
  const auto place_of = [&order](int r) {
    return static_cast<int>(std::find(order.begin(), order.end(), r) - order.begin());
  };
  Shape placed = shape;
  Levels().SetIn(placed);
  placed.root = place_of(shape.root);
  Schedule schedule = algorithm.build(placed, place_of(rank));
  for (Step& step : schedule.steps) {
    if (step.peer >= 0) step.peer = order[static_cast<size_t>(step.peer)];
  }
  return schedule;
}

}  // namespace tutti
