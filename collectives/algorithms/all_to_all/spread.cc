// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_to_all/spread.h"

#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"

namespace tutti::all_to_all {

Schedule BuildSpread(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const uint64_t count = shape.count;
  const auto place = [count](int r) { return static_cast<uint64_t>(r) * count; };
  std::vector<std::pair<int, Region>> waiting;  // blocks in scratch, and whose they are
  for (int distance = 1; distance < n && count > 0; ++distance) {
    const int source = (rank + n - distance) % n;
    Region dst = Output(place(source), count);
    if (shape.in_place) {
      dst = builder.Scratch(count);
      waiting.emplace_back(source, dst);
    }
    builder.Recv(source, dst);
  }
  for (int distance = 1; distance < n; ++distance) {
    const int target = (rank + distance) % n;
    SendPiece(builder, target, Input(place(target), count));
  }
  if (!shape.in_place) builder.Copy(Output(place(rank), count), Input(place(rank), count));
  for (const auto& [source, block] : waiting) builder.Copy(Output(place(source), count), block);
  return std::move(builder).Build();
}

}  // namespace tutti::all_to_all
