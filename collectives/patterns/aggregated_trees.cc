// SPDX-License-Identifier: Apache-2.0
#include "collectives/patterns/aggregated_trees.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace tutti {
namespace {

int BitsReversed(int value, int num_bits) {
  int reversed = 0;
  for (int bit = 0; bit < num_bits; ++bit) reversed = 2 * reversed + (value >> bit & 1);
  return reversed;
}

int LowestBitOf(int value) { return value & -value; }

}  // namespace

AggregatedTrees::AggregatedTrees(int num_ranks, uint64_t most) : num_ranks_(num_ranks) {
  const int num_bits = static_cast<int>(std::bit_width(static_cast<unsigned>(num_ranks - 1)));
  num_doublings_ = std::min(num_bits - 1, static_cast<int>(std::bit_width(std::max<uint64_t>(most, 1))) - 1);
  num_levels_ = num_bits - num_doublings_;
  stride_ = 1 << num_levels_;
  Grow();
  for (int child = stride_ / 2; child >= 1; child /= 2) Visit(child);
}

std::vector<int> AggregatedTrees::Bundle(int bundle) const {
  std::vector<int> distances;
  for (int i = 0; i < 1 << num_doublings_; ++i) {
    const int distance = BitsReversed(i, num_doublings_) * stride_ + bundle;
    if (distance < num_ranks_) distances.push_back(distance);
  }
  return distances;
}

int AggregatedTrees::StoreOf(int bundle) const {
  if (bundle == 0) return 0;
  const int level = std::countr_zero(static_cast<unsigned>(bundle));
  return 1 + 2 * level + (bundle >> (level + 1) & 1);
}

void AggregatedTrees::Grow() {
  for (int doubling = num_doublings_ - 1; doubling >= 0; --doubling) {
    const int skip = stride_ << doubling;
    std::vector<int> received = Bundle(0);
    std::erase_if(received, [&](int distance) { return distance % (2 * skip) != skip; });
    AddRound(skip, 0, 0, received);
  }
}

// A bundle and those that it passes on, the largest part first.
void AggregatedTrees::Visit(int bundle) {
  if (bundle >= num_ranks_) return;
  const int lowest = LowestBitOf(bundle);
  AddRound(lowest, bundle - lowest, bundle, Bundle(bundle));
  for (int bit = lowest / 2; bit >= 1; bit /= 2) Visit(bundle + bit);
}

void AggregatedTrees::AddRound(int skip, int from, int to, const std::vector<int>& received) {
  const std::vector<int> source = Bundle(from), target = Bundle(to);
  Round round{skip, from, to, {}};
  int from_place = 0, to_place = 0;
  for (int distance : received) {
    // All three are in the same order.
    while (source[static_cast<size_t>(from_place)] != distance - skip) ++from_place;
    while (target[static_cast<size_t>(to_place)] != distance) ++to_place;
    if (!round.runs.empty() && round.runs.back().from_place + round.runs.back().num == from_place &&
        round.runs.back().to_place + round.runs.back().num == to_place) {
      ++round.runs.back().num;
    } else {
      round.runs.push_back({from_place, to_place, 1});
    }
  }
  rounds_.push_back(round);
}

}  // namespace tutti
