// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/scatter/linear.h"

#include <utility>

#include "collectives/algorithms/pieces.h"

namespace tutti::scatter {

Schedule BuildLinear(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const Region own = Output(0, shape.count);
  const auto block = [&](int r) { return Input(static_cast<uint64_t>(r) * shape.count, shape.count); };
  if (rank != shape.root) {
    RecvPiece(builder, shape.root, own);
    return std::move(builder).Build();
  }
  for (int distance = 1; distance < shape.num_ranks; ++distance) {
    const int target = (rank + distance) % shape.num_ranks;
    SendPiece(builder, target, block(target));
  }
  if (!shape.in_place) builder.Copy(own, block(rank));
  return std::move(builder).Build();
}

}  // namespace tutti::scatter
