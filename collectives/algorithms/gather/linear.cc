// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/gather/linear.h"

#include <utility>

#include "collectives/algorithms/pieces.h"

namespace tutti::gather {

Schedule BuildLinear(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region own = Input(0, shape.count);
  const auto block = [&](int r) { return Output(static_cast<uint64_t>(r) * shape.count, shape.count); };
  if (rank != shape.root) {
    SendPiece(builder, shape.root, own);
    return std::move(builder).Build();
  }
  for (int distance = 1; distance < shape.num_ranks; ++distance) {
    const int source = (rank + distance) % shape.num_ranks;
    RecvPiece(builder, source, block(source));
  }
  if (!shape.in_place) builder.Copy(block(rank), own);
  return std::move(builder).Build();
}

}  // namespace tutti::gather
