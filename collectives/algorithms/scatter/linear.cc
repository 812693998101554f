// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/scatter/linear.h"

#include <utility>

#include "collectives/algorithms/pieces.h"

namespace tutti::scatter {

Schedule BuildLinear(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region own = OutputBlock(shape, rank, shape.root);
  if (rank != shape.root) {
    RecvBlock(builder, shape, shape.root, own);
    return std::move(builder).Build();
  }
  for (int distance = 1; distance < shape.num_ranks; ++distance) {
    const int target = (rank + distance) % shape.num_ranks;
    SendBlock(builder, shape, target, InputBlock(shape, rank, target));
  }
  if (!shape.in_place) builder.Copy(own, InputBlock(shape, rank, rank));
  return std::move(builder).Build();
}

}  // namespace tutti::scatter
