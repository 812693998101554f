// SPDX-License-Identifier: Apache-2.0
// What the algorithms rely on, for many rank counts: each pattern seen from all ranks at once.
#include <algorithm>
#include <bit>
#include <set>
#include <vector>

#include "gtest/gtest.h"

#include "collectives/patterns/chunking.h"
#include "collectives/patterns/circulant.h"
#include "collectives/patterns/dissemination.h"
#include "collectives/patterns/knomial_tree.h"
#include "collectives/patterns/recursive_doubling.h"
#include "collectives/patterns/ring.h"

namespace tutti {
namespace {

constexpr int kMostRanks = 130;

int CeilLog2(int n) { return std::bit_width(static_cast<unsigned>(n - 1)); }

TEST(Chunking, PartsAreNearEqualAndCoverTheWhole) {
  for (uint64_t count : {0, 1, 6, 7, 8, 100}) {
    const Range whole{40, count};
    uint64_t next = whole.offset;
    for (uint64_t i = 0; i < 7; ++i) {
      const Range part = PartOf(whole, 7, i);
      EXPECT_EQ(part.offset, next);
      EXPECT_GE(part.count, count / 7);
      EXPECT_LE(part.count, CeilDiv(count, 7));
      next = part.end();
    }
    EXPECT_EQ(next, whole.end());
  }
}

TEST(Chunking, PartsTogetherAreTheirUnion) {
  const Range whole{3, 23};
  EXPECT_EQ(PartsOf(whole, 5, 0, 5), whole);
  EXPECT_EQ(PartsOf(whole, 5, 2, 2).offset, PartOf(whole, 5, 2).offset);
  EXPECT_EQ(PartsOf(whole, 5, 2, 2).end(), PartOf(whole, 5, 3).end());
  EXPECT_EQ(PartsOf(whole, 5, 1, 0).count, 0u);
}

TEST(Chunking, HugeCountsDoNotOverflow) {
  const Range whole{0, uint64_t{1} << 60};
  EXPECT_EQ(PartOf(whole, 1000, 999).end(), whole.end());
}

TEST(Chunking, SegmentsFollowTheirSizeWithinLimits) {
  EXPECT_EQ(NumSegments(1000, 4, 400, 100), 10u);
  EXPECT_EQ(NumSegments(1001, 4, 400, 100), 11u);
  EXPECT_EQ(NumSegments(1000, 4, 400, 7), 7u) << "the cap";
  EXPECT_EQ(NumSegments(3, 8, 1, 100), 3u) << "no segment without an element";
  EXPECT_EQ(NumSegments(0, 8, 1, 100), 1u);
}

TEST(RingPattern, EveryChunkVisitsEveryRankOnce) {
  for (int n = 2; n <= 20; ++n) {
    for (int shift : {-1, 0, 1}) {
      for (int rank = 0; rank < n; ++rank) {
        const Ring ring(n, rank, shift);
        std::set<int> seen = {ring.SentChunk(0)};
        for (int round = 0; round < ring.num_rounds(); ++round) seen.insert(ring.ReceivedChunk(round));
        EXPECT_EQ(seen.size(), static_cast<size_t>(n));
      }
    }
  }
}

TEST(RingPattern, ARankReceivesWhatThePreviousOneSendsAndPassesItOn) {
  for (int n = 2; n <= 20; ++n) {
    for (int rank = 0; rank < n; ++rank) {
      const Ring ring(n, rank, -1);
      const Ring previous(n, ring.previous(), -1);
      EXPECT_EQ(previous.next(), rank);
      for (int round = 0; round < ring.num_rounds(); ++round) {
        EXPECT_EQ(ring.ReceivedChunk(round), previous.SentChunk(round));
        if (round > 0) {
          EXPECT_EQ(ring.SentChunk(round), ring.ReceivedChunk(round - 1));
        }
      }
    }
  }
}

TEST(RingPattern, AShiftOfMinusOneEndsWithTheRanksOwnChunk) {
  for (int n = 2; n <= 20; ++n) {
    for (int rank = 0; rank < n; ++rank) EXPECT_EQ(Ring(n, rank, -1).ReceivedChunk(n - 2), rank);
  }
}

TEST(CirculantPattern, TakesCeilLog2Rounds) {
  for (int n = 1; n <= kMostRanks; ++n) EXPECT_EQ(CirculantRounds(n, 0).size(), static_cast<size_t>(CeilLog2(n)));
}

TEST(CirculantPattern, MovesEveryChunkButTheOwnOnce) {
  for (int n = 1; n <= kMostRanks; ++n) {
    int moved = 0;
    int span = n;
    for (const CirculantRound& round : CirculantRounds(n, 0)) {
      EXPECT_EQ(round.span, span) << "rounds join without gap";
      EXPECT_LE(round.num_chunks(), round.skip) << "what comes in never meets what goes out";
      moved += round.num_chunks();
      span = round.skip;
    }
    EXPECT_EQ(moved, n - 1);
  }
}

TEST(CirculantPattern, SkipsSumToEveryDistance) {
  // A contribution reaches the rank at distance d if d is a sum of different skips.
  for (int n = 2; n <= kMostRanks; ++n) {
    std::set<int> sums = {0};
    for (const CirculantRound& round : CirculantRounds(n, 0)) {
      std::set<int> longer = sums;
      for (int sum : sums) longer.insert(sum + round.skip);
      sums = longer;
    }
    for (int distance = 0; distance < n; ++distance) EXPECT_TRUE(sums.count(distance)) << distance << " of " << n;
  }
}

TEST(CirculantPattern, PartnersAgree) {
  for (int n = 2; n <= 33; ++n) {
    for (int rank = 0; rank < n; ++rank) {
      const std::vector<CirculantRound> rounds = CirculantRounds(n, rank);
      for (size_t i = 0; i < rounds.size(); ++i) {
        EXPECT_EQ(CirculantRounds(n, rounds[i].forward)[i].backward, rank);
        EXPECT_NE(rounds[i].forward, rank);
      }
    }
  }
}

TEST(CirculantPattern, StretchesAreTheRelativeChunksInOrder) {
  for (int n : {1, 2, 5, 8}) {
    for (int rank = 0; rank < n; ++rank) {
      for (int first = 0; first < n; ++first) {
        for (int num = 0; num <= n - first; ++num) {
          int relative = first;
          for (const ChunkStretch& stretch : StretchesOf(n, rank, first, num)) {
            if (stretch.num > 0) {
              EXPECT_EQ(stretch.relative, relative);
            }
            EXPECT_LE(stretch.chunk + stretch.num, n) << "no wrap inside a stretch";
            for (int i = 0; i < stretch.num; ++i) EXPECT_EQ(stretch.chunk + i, (rank + relative++) % n);
          }
          EXPECT_EQ(relative, first + num);
        }
      }
    }
  }
}

TEST(RecursiveDoublingPattern, EveryoneHearsOfEveryone) {
  for (int n = 1; n <= kMostRanks; ++n) {
    std::vector<std::set<int>> known(static_cast<size_t>(n));
    std::vector<RecursiveDoubling> patterns;
    for (int r = 0; r < n; ++r) {
      patterns.emplace_back(n, r);
      known[static_cast<size_t>(r)] = {r};
    }
    const auto core = [&](int r) { return patterns[static_cast<size_t>(r)].fold() != RecursiveDoubling::Fold::kGives; };
    int rounds = 0;
    for (int r = 0; r < n; ++r) {
      const RecursiveDoubling& pattern = patterns[static_cast<size_t>(r)];
      if (pattern.fold() == RecursiveDoubling::Fold::kTakes) {
        EXPECT_EQ(patterns[static_cast<size_t>(pattern.fold_partner())].fold(), RecursiveDoubling::Fold::kGives);
        known[static_cast<size_t>(r)].insert(pattern.fold_partner());
      }
      rounds = pattern.num_rounds();
    }
    for (int round = 0; round < rounds; ++round) {
      const auto before = known;
      for (int r = 0; r < n; ++r) {
        if (!core(r)) continue;
        const int partner = patterns[static_cast<size_t>(r)].Partner(round);
        ASSERT_TRUE(core(partner));
        const RecursiveDoubling& other = patterns[static_cast<size_t>(partner)];
        EXPECT_EQ(other.Partner(round), r);
        EXPECT_NE(other.IsLowerSide(round), patterns[static_cast<size_t>(r)].IsLowerSide(round));
        const std::set<int>& mine = before[static_cast<size_t>(r)];
        const std::set<int>& theirs = before[static_cast<size_t>(partner)];
        EXPECT_EQ(*mine.rbegin() < *theirs.begin(), patterns[static_cast<size_t>(r)].IsLowerSide(round))
            << "the sides are stretches of ranks, one below the other";
        known[static_cast<size_t>(r)].insert(theirs.begin(), theirs.end());
      }
    }
    for (int r = 0; r < n; ++r) {
      if (core(r)) {
        EXPECT_EQ(known[static_cast<size_t>(r)].size(), static_cast<size_t>(n));
      }
    }
  }
}

TEST(KnomialTree, ParentsAndChildrenAgreeAndSubtreesAreStretches) {
  for (int radix : {2, 3, 4, 7}) {
    for (int n = 1; n <= 70; ++n) {
      const int root = n / 3;
      int edges = 0;
      for (int rank = 0; rank < n; ++rank) {
        const KnomialTree tree = KnomialTreeOf(n, root, radix, rank);
        EXPECT_EQ(tree.parent < 0, rank == root);
        int size = 1;
        for (const KnomialTree::Child& child : tree.children) {
          const KnomialTree below = KnomialTreeOf(n, root, radix, child.rank);
          EXPECT_EQ(below.parent, rank);
          EXPECT_EQ(below.relative, child.relative);
          EXPECT_EQ(below.subtree_size, child.subtree_size);
          EXPECT_EQ((child.relative + root) % n, child.rank);
          EXPECT_GT(child.relative, tree.relative);
          EXPECT_LE(child.relative + child.subtree_size, tree.relative + tree.subtree_size);
          size += child.subtree_size;
          ++edges;
        }
        EXPECT_EQ(size, tree.subtree_size);
        EXPECT_TRUE(std::is_sorted(tree.children.begin(), tree.children.end(),
                                   [](const auto& a, const auto& b) { return a.subtree_size > b.subtree_size; }));
      }
      EXPECT_EQ(edges, n - 1);
    }
  }
}

TEST(KnomialTree, TheBinomialTreeIsAsDeepAsItsRounds) {
  for (int n = 1; n <= kMostRanks; ++n) {
    for (int rank = 0; rank < n; ++rank) {
      int depth = 0;
      for (int r = rank; r != 0; r = KnomialTreeOf(n, 0, 2, r).parent) ++depth;
      EXPECT_LE(depth, CeilLog2(n));
    }
  }
}

TEST(DisseminationPattern, EveryoneHearsOfEveryone) {
  for (int n = 1; n <= kMostRanks; ++n) {
    std::vector<std::set<int>> known(static_cast<size_t>(n));
    for (int r = 0; r < n; ++r) known[static_cast<size_t>(r)] = {r};
    for (int round = 0; round < CeilLog2(n); ++round) {
      const auto before = known;
      for (int r = 0; r < n; ++r) {
        const Dissemination pattern(n, r);
        const int from = pattern.ReceivesFrom(round);
        EXPECT_EQ(pattern.num_rounds(), CeilLog2(n));
        EXPECT_EQ(Dissemination(n, from).SendsTo(round), r);
        EXPECT_NE(from, r);
        known[static_cast<size_t>(r)].insert(before[static_cast<size_t>(from)].begin(),
                                             before[static_cast<size_t>(from)].end());
      }
    }
    for (const std::set<int>& heard : known) EXPECT_EQ(heard.size(), static_cast<size_t>(n));
  }
}

}  // namespace
}  // namespace tutti
