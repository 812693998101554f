// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_to_all/spread.h"

#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"

namespace tutti::all_to_all {

Schedule BuildSpread(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  std::vector<std::pair<int, Region>> waiting;  // blocks in scratch, and whose they are
  for (int distance = 1; distance < n; ++distance) {
    const int source = (rank + n - distance) % n;
    Region dst = OutputBlock(shape, rank, source);
    if (shape.in_place && dst.count > 0) {
      dst = builder.Scratch(dst.count);
      waiting.emplace_back(source, dst);
    }
    RecvBlock(builder, shape, source, dst);
  }
  for (int distance = 1; distance < n; ++distance) {
    const int target = (rank + distance) % n;
    SendBlock(builder, shape, target, InputBlock(shape, rank, target));
  }
  if (!shape.in_place) builder.Copy(OutputBlock(shape, rank, rank), InputBlock(shape, rank, rank));
  for (const auto& [source, block] : waiting) builder.Copy(OutputBlock(shape, rank, source), block);
  return std::move(builder).Build();
}

}  // namespace tutti::all_to_all
