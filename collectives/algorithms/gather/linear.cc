// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/gather/linear.h"

#include <utility>

#include "collectives/algorithms/pieces.h"

namespace tutti::gather {

Schedule BuildLinear(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region own = InputBlock(shape, rank, shape.root);
  if (rank != shape.root) {
    SendBlock(builder, shape, shape.root, own);
    return std::move(builder).Build();
  }
  for (int distance = 1; distance < shape.num_ranks; ++distance) {
    const int source = (rank + distance) % shape.num_ranks;
    RecvBlock(builder, shape, source, OutputBlock(shape, rank, source));
  }
  if (!shape.in_place) builder.Copy(OutputBlock(shape, rank, rank), own);
  return std::move(builder).Build();
}

}  // namespace tutti::gather
