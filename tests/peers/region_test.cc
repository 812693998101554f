// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/loop/region.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "bench/peers/loop/pin.h"
#include "shared_file.h"

namespace tutti::peers {
namespace {

constexpr int kRegionRanks = 3;

template <typename Function>
void OnAllRanks(const Function& function) {
  const SharedFile file;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < kRegionRanks; ++rank) {
    threads.emplace_back([&, rank] {
      Region region(file.path(), rank, kRegionRanks, 8, BarrierWait::kYield);
      function(&region, rank);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(PeersRegion, NobodyLeavesTheBarrierBeforeAllHaveEntered) {
  constexpr int kRounds = 200;
  std::atomic<int> entered{0};
  std::atomic<int> early{0};
  OnAllRanks([&](Region* region, int rank) {
    for (int round = 1; round <= kRounds; ++round) {
      entered.fetch_add(1);
      region->Barrier();
      if (entered.load() < round * kRegionRanks) early.fetch_add(1);
      region->Barrier();
    }
  });
  EXPECT_EQ(early.load(), 0);
}

TEST(PeersRegion, AllRanksSeeTheSameLastBarrier) {
  std::vector<int> rounds(kRegionRanks, 0);
  OnAllRanks([&](Region* region, int rank) {
    for (;;) {
      if (rank == 0 && rounds[0] == 5) region->DeclareLast();
      region->Barrier();
      if (region->was_last()) break;
      ++rounds[static_cast<size_t>(rank)];
    }
  });
  EXPECT_EQ(rounds, std::vector<int>(kRegionRanks, 5));
}

TEST(PeersRegion, SumsWhatAllRanksBring) {
  std::vector<uint64_t> sums(kRegionRanks, 0);
  OnAllRanks([&](Region* region, int rank) {
    sums[static_cast<size_t>(rank)] = region->Sum(static_cast<uint64_t>(rank) + 10);
  });
  EXPECT_EQ(sums, std::vector<uint64_t>(kRegionRanks, 33));
}

TEST(PeersRegion, TimesOfOneRankAreSeenByTheOthers) {
  OnAllRanks([&](Region* region, int rank) {
    region->times_ns(rank)[7] = 100 + rank;
    region->Barrier();
    for (int other = 0; other < kRegionRanks; ++other) EXPECT_EQ(region->times_ns(other)[7], 100 + other);
    region->Barrier();
  });
}

TEST(PeersRegion, SaysWhichFileCannotBeMapped) {
  EXPECT_THROW(Region("/nowhere/region", 0, 1, 1, BarrierWait::kSpin), std::runtime_error);
}

TEST(PeersCores, AreAListOfNumbers) {
  EXPECT_EQ(ParseCores("0"), std::vector<int>({0}));
  EXPECT_EQ(ParseCores("3,0,12"), std::vector<int>({3, 0, 12}));
  for (const char* bad : {"", ",", "1,", "1,,2", "a", "-1", "1 2", "99999"}) {
    EXPECT_THROW(ParseCores(bad), std::runtime_error) << bad;
  }
}

}  // namespace
}  // namespace tutti::peers
