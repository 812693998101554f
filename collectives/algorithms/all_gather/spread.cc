// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_gather/spread.h"

#include <utility>

#include "collectives/algorithms/pieces.h"

namespace tutti::all_gather {

Schedule BuildSpread(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const Region own = InputBlock(shape, rank, rank);
  for (int distance = 1; distance < n; ++distance) {
    const int source = (rank + n - distance) % n;
    RecvBlock(builder, shape, source, OutputBlock(shape, rank, source));
  }
  for (int distance = 1; distance < n; ++distance) SendBlock(builder, shape, (rank + distance) % n, own);
  if (!shape.in_place) builder.Copy(OutputBlock(shape, rank, rank), own);
  return std::move(builder).Build();
}

}  // namespace tutti::all_gather
