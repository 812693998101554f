// SPDX-License-Identifier: Apache-2.0
// In which order a ring goes through ranks: through each rack once, whatever the numbers of its ranks are.
//
// Not also through each host: few pairs of ranks would then exchange messages between two hosts, and these one way only, so that
// they could not compare their clocks and name the rank that was late. Where hosts have several ranks, a ring of equal blocks or
// of an all_reduce is only a user's wish.
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
    Shape seen = shape;
    if (!shape.groups.empty()) Levels().SetIn(seen);
    order_ = RanksByLevel(seen);
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
