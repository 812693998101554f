// SPDX-License-Identifier: Apache-2.0
// In which order a ring goes through ranks: through each host, rack and pod once, whatever the numbers of their ranks are.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_RING_ORDER_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_RING_ORDER_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "collectives/schedule/levels.h"
#include "collectives/schedule/shape.h"

namespace tutti {

class RingOrder {
 public:
  RingOrder(const Shape& shape, int rank) {
    order_ = RanksByLevel(shape);
    place_ = static_cast<int>(std::find(order_.begin(), order_.end(), rank) - order_.begin());
  }

  int place() const { return place_; }  // of this rank
  int RankAt(int place) const { return order_[static_cast<size_t>(place)]; }

 private:
  std::vector<int> order_;
  int place_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_RING_ORDER_H_
