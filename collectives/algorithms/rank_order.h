// SPDX-License-Identifier: Apache-2.0
// In which order rings go through ranks, and trees are built for them: through each host, rack and pod once, whatever the
// numbers of their ranks are.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_RANK_ORDER_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_RANK_ORDER_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "collectives/schedule/levels.h"
#include "collectives/schedule/shape.h"

namespace tutti {

class RankOrder {
 public:
  explicit RankOrder(const Shape& shape) : order_(RanksByLevel(shape)) {}

  int PlaceOf(int rank) const {
    return static_cast<int>(std::find(order_.begin(), order_.end(), rank) - order_.begin());
  }
  int RankAt(int place) const { return order_[static_cast<size_t>(place)]; }
  bool IsThatOfRanks() const { return std::is_sorted(order_.begin(), order_.end()); }

 private:
  std::vector<int> order_;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_RANK_ORDER_H_
