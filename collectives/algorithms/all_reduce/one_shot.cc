// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/one_shot.h"

#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"
#include "collectives/schedule/builder.h"

namespace tutti::all_reduce {

Schedule BuildOneShot(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  ScheduleBuilder builder(shape, rank);
  const int n = shape.num_ranks;
  const Region input = Input(0, shape.count);
  if (shape.count == 0) return std::move(builder).Build();

  std::vector<Region> contributions(static_cast<size_t>(n), input);
  for (int r = 0; r < n; ++r) {
    if (r != rank) contributions[static_cast<size_t>(r)] = builder.Scratch(shape.count);
  }
  // Everyone begins with the rank after its own, so that no rank is everyone's first target.
  for (int distance = 1; distance < n; ++distance) {
    const int source = (rank + n - distance) % n;
    builder.Recv(source, contributions[static_cast<size_t>(source)]);
  }
  for (int distance = 1; distance < n; ++distance) builder.Send((rank + distance) % n, input);
  builder.Reduce(Output(0, shape.count), contributions, ScheduleBuilder::Completes::kYes);
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
