// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/placed.h"

#include "collectives/algorithms/rank_order.h"
#include "collectives/schedule/levels.h"

namespace tutti {

Schedule BuildPlaced(const Algorithm& algorithm, const Shape& shape, int rank, bool in_rank_order) {
  const bool is_placed = shape.collective == Collective::kBroadcast || shape.collective == Collective::kReduce ||
                         shape.collective == Collective::kBarrier;
  if (in_rank_order || !is_placed) return algorithm.build(shape, rank);
  const RankOrder order(shape);
  if (order.IsThatOfRanks()) return algorithm.build(shape, rank);
  Shape placed = shape;
  Levels().SetIn(placed);
  placed.root = order.PlaceOf(shape.root);
  Schedule schedule = algorithm.build(placed, order.PlaceOf(rank));
  for (Step& step : schedule.steps) {
    if (step.peer >= 0) step.peer = order.RankAt(step.peer);
  }
  return schedule;
}

}  // namespace tutti
