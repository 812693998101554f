// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_to_all/bruck.h"

#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"

namespace tutti::all_to_all {

Schedule BuildBruck(const Shape& shape, int rank) {
  if (shape.num_ranks == 1 || shape.count == 0) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const uint64_t count = shape.count;
  const auto place = [count](int r) { return static_cast<uint64_t>(r) * count; };
  // held[d]: the block that is on its way over distance d and passes this rank now.
  std::vector<Region> held(static_cast<size_t>(n));
  for (int d = 0; d < n; ++d) held[static_cast<size_t>(d)] = Input(place((rank + d) % n), count);
  for (int power = 1; power < n; power *= 2) {
    std::vector<size_t> moving;
    for (int d = 1; d < n; ++d) {
      if ((d & power) != 0) moving.push_back(static_cast<size_t>(d));
    }
    const Region packed = builder.Scratch(moving.size() * count);
    const Region received = builder.Scratch(moving.size() * count);
    for (size_t i = 0; i < moving.size(); ++i) builder.Copy(PieceOf(packed, {i * count, count}), held[moving[i]]);
    builder.Recv((rank + n - power) % n, received);
    builder.Send((rank + power) % n, packed);
    for (size_t i = 0; i < moving.size(); ++i) held[moving[i]] = PieceOf(received, {i * count, count});
  }
  // In place, all of the input is packed by now.
  for (int d = shape.in_place ? 1 : 0; d < n; ++d) {
    builder.Copy(Output(place((rank + n - d) % n), count), held[static_cast<size_t>(d)]);
  }
  return std::move(builder).Build();
}

}  // namespace tutti::all_to_all
