// SPDX-License-Identifier: Apache-2.0
#include "collectives/patterns/bine_butterfly.h"

#include <algorithm>

namespace tutti {

std::vector<BineRound> BineRounds(int num_ranks, int rank) {
  std::vector<BineRound> rounds;
  // As an even rank sees it, with itself at 0; to an odd one, up is down.
  const bool mirrored = rank % 2 != 0;
  const auto at = [&](int place) {
    const int number = (rank + (mirrored ? -place : place)) % num_ranks;
    return number < 0 ? number + num_ranks : number;
  };
  const auto ring = [&](int lowest, int num) { return CircularStretch{at(mirrored ? lowest + num - 1 : lowest), num}; };
  int low = 0, high = 0;  // [low, high] is held
  for (bool up = true; high - low + 1 < num_ranks; up = !up) {
    const int size = high - low + 1;
    const int num = std::min(size, num_ranks - size);
    BineRound round;
    round.held = ring(low, size);
    if (up) {
      round.partner = at(2 * high + 1);
      round.sent = ring(high - num + 1, num);
      round.received = ring(high + 1, num);
      high += num;
    } else {
      round.partner = at(2 * low - 1);
      round.sent = ring(low, num);
      round.received = ring(low - num, num);
      low -= num;
    }
    rounds.push_back(round);
  }
  return rounds;
}

}  // namespace tutti
