// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/encoded_direct.h"

#include <numeric>
#include <utility>
#include <vector>

#include "collectives/algorithms/all_reduce/encoded_exchange.h"
#include "collectives/algorithms/pieces.h"

namespace tutti::all_reduce {

Schedule BuildEncodedDirect(const Shape& shape, int rank) {
  if (shape.num_ranks == 1) return CopyOnly(shape, rank);
  std::vector<int> ranks(static_cast<size_t>(shape.num_ranks));
  std::iota(ranks.begin(), ranks.end(), 0);
  ScheduleBuilder builder(shape, rank);
  EncodedExchange(builder, shape, std::move(ranks), rank, shape.count, 1)
      .AllReduce(Input(0, shape.count), Output(0, shape.count));
  return std::move(builder).Build();
}

}  // namespace tutti::all_reduce
