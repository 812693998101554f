// SPDX-License-Identifier: Apache-2.0
// PAT's trees: seen from one rank, as all see the same distances.
#include "collectives/patterns/aggregated_trees.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace tutti {
namespace {

constexpr int kMostTreeRanks = 130;
const uint64_t kTogether[] = {0, 1, 2, 3, 4, 8, 1000, uint64_t{1} << 60};

// By places in its store: the distances of the chunks that lie there, as far as they have come.
using Stores = std::map<int, std::vector<int>>;

// Runs an all-gather: what is sent must be there, and be what the bundles say.
std::set<int> ChunksThatArrive(int n, const AggregatedTrees& trees) {
  std::set<int> have = {0};
  Stores stores;
  stores[0].assign(static_cast<size_t>(trees.longest_bundle()), -1);
  stores[0][0] = 0;
  for (const AggregatedTrees::Round& round : trees.rounds()) {
    const std::vector<int> from = trees.Bundle(round.from), to = trees.Bundle(round.to);
    const std::vector<int> before = stores[trees.StoreOf(round.from)];
    std::vector<int>& after = stores[trees.StoreOf(round.to)];
    if (round.to != 0) after.assign(static_cast<size_t>(trees.longest_bundle()), -1);
    for (const AggregatedTrees::Run& run : round.runs) {
      EXPECT_GT(run.num, 0);
      for (int i = 0; i < run.num; ++i) {
        const int sent = from[static_cast<size_t>(run.from_place + i)];
        const int received = to[static_cast<size_t>(run.to_place + i)];
        EXPECT_EQ(before[static_cast<size_t>(run.from_place + i)], sent) << "its memory has been used again";
        EXPECT_EQ(sent + round.skip, received) << n;
        EXPECT_TRUE(have.insert(received).second) << "it had that already";
        after[static_cast<size_t>(run.to_place + i)] = received;
      }
    }
  }
  return have;
}

TEST(AggregatedTrees, EveryChunkArrivesOnceAndIsThereAsLongAsItIsPassedOn) {
  for (int n = 2; n <= kMostTreeRanks; ++n) {
    for (uint64_t most : kTogether) {
      const std::set<int> have = ChunksThatArrive(n, AggregatedTrees(n, most));
      EXPECT_EQ(have.size(), static_cast<size_t>(n)) << n << " ranks, " << most << " together";
      EXPECT_EQ(*have.rbegin(), n - 1);
    }
  }
}

TEST(AggregatedTrees, TakeLogarithmicallyManyRoundsUnlessMessagesAreLimited) {
  for (int n = 2; n <= kMostTreeRanks; ++n) {
    const auto ceil_log2 = static_cast<size_t>(std::bit_width(static_cast<unsigned>(n - 1)));
    EXPECT_EQ(AggregatedTrees(n, 1000).rounds().size(), ceil_log2);
    EXPECT_EQ(AggregatedTrees(n, 1).rounds().size(), static_cast<size_t>(n - 1));
  }
  EXPECT_EQ(AggregatedTrees(64, 8).rounds().size(), 3u + 64 / 8 - 1);
}

TEST(AggregatedTrees, AMessageIsOneRunForPowersOfTwoAndTwoAtMostElse) {
  for (int n = 2; n <= kMostTreeRanks; ++n) {
    const size_t runs = std::has_single_bit(static_cast<unsigned>(n)) ? 1 : 2;
    for (uint64_t most : kTogether) {
      const AggregatedTrees trees(n, most);
      for (const AggregatedTrees::Round& round : trees.rounds()) {
        EXPECT_GE(round.runs.size(), 1u);
        EXPECT_LE(round.runs.size(), runs) << n << " ranks, " << most << " together";
        int chunks = 0;
        for (const AggregatedTrees::Run& run : round.runs) chunks += run.num;
        EXPECT_LE(static_cast<uint64_t>(chunks), std::max<uint64_t>(most, 1));
      }
    }
  }
}

TEST(AggregatedTrees, FarPartnersGetFewChunks) {
  for (int n : {16, 64, 100, 128}) {
    const AggregatedTrees trees(n, 1000);
    for (const AggregatedTrees::Round& round : trees.rounds()) {
      int chunks = 0;
      for (const AggregatedTrees::Run& run : round.runs) chunks += run.num;
      EXPECT_LE(chunks * round.skip, n) << "as if each chunk had that far to go once";
    }
  }
}

TEST(AggregatedTrees, TheFirstRoundIsAlwaysTheFarthestWithOneChunk) {
  for (int n = 2; n <= kMostTreeRanks; ++n) {
    for (uint64_t most : kTogether) {
      const AggregatedTrees trees(n, most);
      const AggregatedTrees::Round& first = trees.rounds().front();
      EXPECT_EQ(first.skip, static_cast<int>(std::bit_ceil(static_cast<unsigned>(n))) / 2);
      ASSERT_EQ(first.runs.size(), 1u);
      EXPECT_EQ(first.runs[0].from_place, 0);
      EXPECT_EQ(first.runs[0].num, 1) << "a reduce-scatter ends here, with the rank's own chunk";
    }
  }
}

}  // namespace
}  // namespace tutti
