// SPDX-License-Identifier: Apache-2.0
// Bine trees and butterflies, seen from all ranks at once.
#include <algorithm>
#include <bit>
#include <set>
#include <vector>

#include "gtest/gtest.h"

#include "collectives/patterns/bine_butterfly.h"
#include "collectives/patterns/bine_tree.h"
#include "collectives/patterns/knomial_tree.h"

namespace tutti {
namespace {

constexpr int kMostBineRanks = 130;

int RoundsFor(int n) { return std::bit_width(static_cast<unsigned>(n - 1)); }

// The shorter way round.
int DistanceOf(int n, int a, int b) { return std::min((a - b + n) % n, (b - a + n) % n); }

std::vector<BineTree> TreesOf(int n, int root) {
  std::vector<BineTree> trees;
  for (int rank = 0; rank < n; ++rank) trees.push_back(BineTreeOf(n, root, rank));
  return trees;
}

// In which round the rank has the data, if each rank that has it serves one child in each round.
int RoundOf(const std::vector<BineTree>& trees, int rank) {
  const int parent = trees[static_cast<size_t>(rank)].parent;
  if (parent < 0) return 0;
  const std::vector<int>& siblings = trees[static_cast<size_t>(parent)].children;
  const auto place = std::find(siblings.begin(), siblings.end(), rank) - siblings.begin();
  return RoundOf(trees, parent) + static_cast<int>(place) + 1;
}

TEST(BineTree, ReachesEveryRankInCeilLog2Rounds) {
  for (int n = 1; n <= kMostBineRanks; ++n) {
    for (int root : {0, n / 3, n - 1}) {
      const std::vector<BineTree> trees = TreesOf(n, root);
      int edges = 0;
      for (int rank = 0; rank < n; ++rank) {
        EXPECT_EQ(trees[static_cast<size_t>(rank)].parent < 0, rank == root);
        for (int child : trees[static_cast<size_t>(rank)].children) {
          EXPECT_EQ(trees[static_cast<size_t>(child)].parent, rank) << n << " ranks, root " << root;
          ++edges;
        }
        EXPECT_LE(RoundOf(trees, rank), RoundsFor(n)) << "rank " << rank << " of " << n << ", root " << root;
      }
      EXPECT_EQ(edges, n - 1);
    }
  }
}

TEST(BineTree, IsTheOneInTheDrawing) {
  const std::vector<BineTree> trees = TreesOf(8, 0);
  EXPECT_EQ(trees[0].children, (std::vector<int>{3, 7, 1}));
  EXPECT_EQ(trees[3].children, (std::vector<int>{4, 2}));
  EXPECT_EQ(trees[4].children, (std::vector<int>{5}));
  EXPECT_EQ(trees[7].children, (std::vector<int>{6}));
}

// What it is for.
TEST(BineTree, EdgesOfARoundAreAThirdShorterThanTheBinomialTrees) {
  for (int n : {16, 64, 256, 1024}) {
    const std::vector<BineTree> trees = TreesOf(n, 0);
    const KnomialTree binomial = KnomialTreeOf(n, 0, 2, 0);
    for (size_t i = 0; i + 2 < binomial.children.size(); ++i) {
      const double ratio = DistanceOf(n, trees[0].children[i], 0) / static_cast<double>(binomial.children[i].relative);
      EXPECT_NEAR(ratio, 2.0 / 3, 0.1) << n << " ranks, round " << i;
    }
  }
}

std::set<int> Members(int n, const CircularStretch& stretch) {
  std::set<int> members;
  for (int i = 0; i < stretch.num; ++i) members.insert((stretch.first + i) % n);
  return members;
}

TEST(BineButterfly, EveryoneHearsOfEveryoneOnceInCeilLog2Rounds) {
  for (int n = 2; n <= kMostBineRanks; n += 2) {
    std::vector<std::vector<BineRound>> rounds;
    std::vector<std::set<int>> held;
    for (int rank = 0; rank < n; ++rank) {
      rounds.push_back(BineRounds(n, rank));
      held.push_back({rank});
      ASSERT_EQ(rounds.back().size(), static_cast<size_t>(RoundsFor(n)));
    }
    for (size_t i = 0; i < rounds[0].size(); ++i) {
      for (int rank = 0; rank < n; ++rank) {
        const BineRound& round = rounds[static_cast<size_t>(rank)][i];
        const BineRound& other = rounds[static_cast<size_t>(round.partner)][i];
        ASSERT_NE(round.partner, rank);
        EXPECT_EQ(other.partner, rank);
        EXPECT_EQ(Members(n, other.sent), Members(n, round.received));
        std::set<int>& mine = held[static_cast<size_t>(rank)];
        EXPECT_EQ(Members(n, round.held), mine);
        for (int chunk : Members(n, round.sent)) EXPECT_TRUE(mine.count(chunk));
        EXPECT_TRUE(round.sent.first == round.held.first ||
                    (round.sent.first + round.sent.num - round.held.first - round.held.num) % n == 0)
            << "at one of the ends of what is held";
      }
      for (int rank = 0; rank < n; ++rank) {
        for (int chunk : Members(n, rounds[static_cast<size_t>(rank)][i].received)) {
          EXPECT_TRUE(held[static_cast<size_t>(rank)].insert(chunk).second) << "it had that already";
        }
      }
    }
    for (const std::set<int>& all : held) EXPECT_EQ(all.size(), static_cast<size_t>(n));
  }
}

TEST(BineButterfly, PartnersAreAtMostAThirdOfAllRanksAway) {
  for (int n : {8, 64, 1024}) {
    for (const BineRound& round : BineRounds(n, 3)) EXPECT_LE(DistanceOf(n, round.partner, 3), (n + 2) / 3) << n;
  }
}

TEST(BineButterfly, ARankAloneHasNothingToDo) { EXPECT_TRUE(BineRounds(1, 0).empty()); }

}  // namespace
}  // namespace tutti
