// SPDX-License-Identifier: Apache-2.0
#include "collectives/patterns/circulant.h"

#include <algorithm>

namespace tutti {

std::vector<CirculantRound> CirculantRounds(int num_ranks, int rank) {
  std::vector<CirculantRound> rounds;
  for (int span = num_ranks; span > 1;) {
    const int skip = span / 2 + span % 2;
    rounds.push_back({skip, span, (rank + skip) % num_ranks, (rank + num_ranks - skip) % num_ranks});
    span = skip;
  }
  return rounds;
}

std::array<ChunkStretch, 2> StretchesOf(int num_ranks, int rank, int first, int num) {
  const int chunk = (rank + first) % num_ranks;
  const int before_wrap = std::min(num, num_ranks - chunk);
  return {ChunkStretch{first, chunk, before_wrap}, ChunkStretch{first + before_wrap, 0, num - before_wrap}};
}

}  // namespace tutti
