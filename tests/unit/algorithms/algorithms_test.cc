// SPDX-License-Identifier: Apache-2.0
// Every algorithm through the verifier: few ranks, but every root, awkward counts, and cuts into many segments. (All
// rank counts to 64 and some to 1024 are in tests/collectives.)
#include <algorithm>
#include <bit>
#include <cstdint>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

#include "collectives/algorithms/placed.h"
#include "collectives/algorithms/registry.h"
#include "collectives/check/verifier.h"
#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "sanitized.h"
#include "uneven_blocks.h"

namespace tutti {
namespace {

// Schedules are computed by one thread, and so is their proof: with sanitizers, some are enough.
constexpr int kMostRanks = kThreadSanitized ? 3 : kAddressSanitized ? 5 : 17;

std::vector<const Algorithm*> AllAlgorithms(bool with_barrier) {
  std::vector<const Algorithm*> all;
  for (int c = 0; c < kNumCollectives; ++c) {
    if (static_cast<Collective>(c) == Collective::kBarrier && !with_barrier) continue;
    for (const Algorithm& algorithm : Algorithms(static_cast<Collective>(c))) all.push_back(&algorithm);
    for (const Algorithm& algorithm : EncodedAlgorithms(static_cast<Collective>(c))) all.push_back(&algorithm);
  }
  return all;
}

std::vector<Schedule> BuildAll(const Algorithm& algorithm, const Shape& shape) {
  std::vector<Schedule> schedules;
  for (int rank = 0; rank < shape.num_ranks; ++rank) schedules.push_back(algorithm.build(shape, rank));
  return schedules;
}

class EveryAlgorithm : public testing::TestWithParam<const Algorithm*> {
 protected:
  const Algorithm& algorithm() const { return *GetParam(); }

  // With receives posted freely, and one after the other as an engine with little memory would.
  void Verify(const Shape& shape) {
    const std::vector<Schedule> schedules = BuildAll(algorithm(), shape);
    for (uint32_t window : {0u, 1u}) {
      VerifyOptions options;
      options.max_outstanding_receives_per_peer = window;
      options.in_rank_order = algorithm().keeps_rank_order;
      const absl::Status status = VerifySchedules(shape, schedules, options);
      ASSERT_TRUE(status.ok()) << status.message() << "\n  n " << shape.num_ranks << ", root " << shape.root
                               << ", count " << shape.count << ", in place " << shape.in_place << ", segment bytes "
                               << shape.segment_bytes << ", window " << window;
    }
  }

  // In a real call a rank knows no other rank's table.
  void ExpectOwnBlocksAreEnough(const Shape& shape) {
    for (int rank = 0; rank < shape.num_ranks; ++rank) {
      Shape own = shape;
      own.blocks = shape.blocks.subspan(static_cast<size_t>(rank), 1);
      ASSERT_EQ(DescribeSchedule(algorithm().build(own, rank)), DescribeSchedule(algorithm().build(shape, rank)));
    }
  }

  void VerifyRoots(Shape shape) {
    const int num_roots = HasRoot(shape.collective) ? shape.num_ranks : 1;
    for (shape.root = 0; shape.root < num_roots; ++shape.root) {
      for (bool in_place : {false, true}) {
        shape.in_place = in_place;
        Verify(shape);
        if (HasFatalFailure()) return;
      }
    }
  }
};

std::vector<const Algorithm*> UnevenAlgorithms() {
  std::vector<const Algorithm*> all = AllAlgorithms(false);
  std::erase_if(all, [](const Algorithm* algorithm) { return !algorithm->takes_uneven_blocks; });
  return all;
}

class EveryAlgorithmWithData : public EveryAlgorithm {};

TEST_P(EveryAlgorithm, IsCorrectForAwkwardCounts) {
  for (int n = 1; n <= kMostRanks; ++n) {
    const uint64_t ranks = static_cast<uint64_t>(n);
    std::set<uint64_t> counts = {0, 1, ranks - 1, ranks, ranks + 1, 3 * ranks + 2};
    if (algorithm().collective == Collective::kBarrier) counts = {0};
    for (uint64_t count : counts) {
      Shape shape;
      shape.collective = algorithm().collective;
      shape.num_ranks = n;
      shape.count = count;
      VerifyRoots(shape);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(EveryAlgorithmWithData, IsCorrectInManySegments) {
  for (int n : kSanitized ? std::vector<int>{2, 3} : std::vector<int>{2, 3, 4, 5, 8, 11}) {
    for (uint64_t segment_bytes : {1, 24}) {
      Shape shape;
      shape.collective = algorithm().collective;
      shape.num_ranks = n;
      shape.count = 61;
      shape.segment_bytes = segment_bytes;
      VerifyRoots(shape);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(EveryAlgorithmWithData, TakesCountsFarBeyondMemory) {
  for (int n : kSanitized ? std::vector<int>{3} : std::vector<int>{2, 7, 16}) {
    for (uint64_t segment_bytes : {uint64_t{0}, uint64_t{1} << 38}) {
      Shape shape;
      shape.collective = algorithm().collective;
      shape.num_ranks = n;
      shape.root = n - 1;
      shape.element_bytes = 8;
      shape.count = (uint64_t{1} << 40) + 3;
      // The verifier's time grows with the cuts, so only the coarse ones are verified.
      shape.segment_bytes = segment_bytes;
      for (int rank = 0; rank < n && segment_bytes == 0; ++rank) {
        EXPECT_LE(algorithm().build(shape, rank).steps.size(), 50'000u) << "n " << n << ", rank " << rank;
      }
      if (segment_bytes != 0) Verify(shape);
      if (HasFatalFailure()) return;
    }
  }
}

TEST_P(EveryAlgorithmWithData, HasBoundedSchedulesOfLargeVectorsOnManyRanks) {
  Shape shape;
  shape.collective = algorithm().collective;
  shape.num_ranks = 64;
  shape.count = uint64_t{5} << 28;  // 5 GiB
  shape.segment_bytes = 1;
  for (int rank : kSanitized ? std::vector<int>{1} : std::vector<int>{0, 1, 62, 63})
    EXPECT_LE(algorithm().build(shape, rank).steps.size(), 50'000u) << "rank " << rank;
}

TEST_P(EveryAlgorithm, GivesTheSameScheduleEachTime) {
  Shape shape;
  shape.collective = algorithm().collective;
  shape.num_ranks = 6;
  shape.count = algorithm().collective == Collective::kBarrier ? 0 : 1000;
  EXPECT_EQ(DescribeSchedule(algorithm().build(shape, 4)), DescribeSchedule(algorithm().build(shape, 4)));
}

// One rank may work in place while another does not, so messages must not depend on it.
TEST_P(EveryAlgorithmWithData, ExchangesTheSameMessagesInPlace) {
  const auto messages = [&](const Shape& shape, int rank) {
    const Schedule schedule = algorithm().build(shape, rank);
    std::vector<std::tuple<bool, int, uint32_t, uint64_t>> list;
    for (const Step& step : schedule.steps) {
      if (step.peer < 0) continue;
      const bool is_send = step.kind == StepKind::kSend;
      const uint64_t count = is_send ? schedule.SourcesOf(step)[0].count : step.dst.count;
      list.emplace_back(is_send, step.peer, step.message, count);
    }
    return list;
  };
  for (int n = 2; n <= kMostRanks; ++n) {
    for (int rank = 0; rank < n; ++rank) {
      Shape shape;
      shape.collective = algorithm().collective;
      shape.num_ranks = n;
      shape.root = n / 2;
      shape.count = 100;
      shape.segment_bytes = 64;
      Shape in_place = shape;
      in_place.in_place = true;
      EXPECT_EQ(messages(shape, rank), messages(in_place, rank)) << "rank " << rank << " of " << n;
    }
  }
}

std::vector<std::vector<int>> GroupingsOf(int n) {
  std::vector<std::vector<int>> groupings(4, std::vector<int>(static_cast<size_t>(n)));
  for (int r = 0; r < n; ++r) {
    const size_t at = static_cast<size_t>(r);
    groupings[0][at] = r / 3;               // 3 + 3 + ... + the rest
    groupings[1][at] = 100 - r % 3;         // by turns
    groupings[2][at] = r == n / 2 ? 7 : 5;  // one alone
    groupings[3][at] = r;                   // all alone
  }
  return groupings;
}

void VerifyForAnyGroupsAndCuts(const Algorithm& algorithm, const std::vector<int>& rank_counts) {
  for (int n : rank_counts) {
    for (const std::vector<int>& groups : GroupingsOf(n)) {
      for (uint64_t count : {uint64_t{0}, uint64_t{1}, uint64_t{7}, uint64_t{5000}, uint64_t{100'003}}) {
        for (uint64_t segment_bytes : {0, 9000}) {
          for (bool in_place : {false, true}) {
            Shape shape;
            shape.collective = algorithm.collective;
            shape.num_ranks = n;
            shape.count = count;
            shape.segment_bytes = segment_bytes;
            shape.in_place = in_place;
            shape.groups = groups;
            const auto schedules = BuildAll(algorithm, shape);
            for (uint32_t window : {0u, 1u}) {
              VerifyOptions options;
              options.max_outstanding_receives_per_peer = window;
              const absl::Status status = VerifySchedules(shape, schedules, options);
              ASSERT_TRUE(status.ok()) << status.message() << "\n n " << n << ", count " << count << ", in place "
                                       << in_place << ", groups " << absl::StrJoin(groups, " ");
            }
          }
        }
      }
    }
  }
}

TEST(Hierarchical, IsCorrectForAnyGroupsAndCuts) {
  VerifyForAnyGroupsAndCuts(*FindAlgorithm(Collective::kAllReduce, "hierarchical"),
                            kSanitized ? std::vector{1, 5, 8} : std::vector{1, 2, 3, 4, 5, 7, 8, 9, 12});
  for (const Collective collective : {Collective::kAllGather, Collective::kReduceScatter}) {
    VerifyForAnyGroupsAndCuts(*FindAlgorithm(collective, "hierarchical"),
                              kSanitized ? std::vector{1, 5} : std::vector{1, 2, 3, 4, 5, 8, 11});
  }
}

TEST(Hierarchical, TakesBlocksOfDifferentLengthsInAnyGroups) {
  for (const Collective collective : {Collective::kAllGather, Collective::kReduceScatter}) {
    const Algorithm& algorithm = *FindAlgorithm(collective, "hierarchical");
    for (int n : {2, 5, 8}) {
      const UnevenBlocks blocks(collective, n, 0, 40);
      for (const std::vector<int>& groups : GroupingsOf(n)) {
        Shape shape;
        shape.collective = collective;
        shape.num_ranks = n;
        shape.segment_bytes = 24;
        shape.groups = groups;
        blocks.SetIn(shape);
        const absl::Status status = VerifySchedules(shape, BuildAll(algorithm, shape));
        ASSERT_TRUE(status.ok()) << status.message() << "\n n " << n << ", groups " << absl::StrJoin(groups, " ");
      }
    }
  }
}

// What a communicator runs where ranks are dealt out to hosts.
TEST(BuildPlaced, IsCorrectForAnyGroups) {
  for (const Collective collective : {Collective::kBroadcast, Collective::kReduce, Collective::kAllReduce,
                                      Collective::kBarrier, Collective::kAllGather}) {
    for (const Algorithm& algorithm : Algorithms(collective)) {
      for (int n : {2, 5, 8}) {
        for (const std::vector<int>& groups : GroupingsOf(n)) {
          for (int root = 0; root < (HasRoot(collective) ? n : 1); ++root) {
            Shape shape;
            shape.collective = collective;
            shape.num_ranks = n;
            shape.root = root;
            shape.count = collective == Collective::kBarrier ? 0 : 50;
            shape.segment_bytes = 24;
            shape.groups = groups;
            std::vector<Schedule> schedules;
            for (int rank = 0; rank < n; ++rank) {
              schedules.push_back(BuildPlaced(algorithm, shape, rank, /*in_rank_order=*/false));
            }
            const absl::Status status = VerifySchedules(shape, schedules);
            ASSERT_TRUE(status.ok()) << status.message() << "\n"
                                     << algorithm.name << " n " << n << ", root " << root << ", groups "
                                     << absl::StrJoin(groups, " ");
          }
        }
      }
    }
  }
}

// Ranks by turns on three hosts.
TEST(BuildPlaced, ATreeComesToEachGroupOnce) {
  const std::vector<int> groups = {0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2};
  Shape shape;
  shape.num_ranks = 12;
  shape.count = 1200;
  shape.groups = groups;
  for (const Collective collective : {Collective::kBroadcast, Collective::kReduce}) {
    shape.collective = collective;
    const Algorithm& tree = *FindAlgorithm(collective, "knomial4");
    const auto edges_between = [&](bool placed) {
      size_t edges = 0;
      for (int rank = 0; rank < shape.num_ranks; ++rank) {
        const Schedule schedule = placed ? BuildPlaced(tree, shape, rank, false) : tree.build(shape, rank);
        for (const Step& step : schedule.steps) {
          const bool leaves = step.kind == StepKind::kSend && groups[static_cast<size_t>(step.peer)] != rank % 3;
          edges += leaves ? 1 : 0;
        }
      }
      return edges;
    };
    EXPECT_GT(edges_between(false), 4u);
    EXPECT_EQ(edges_between(true), 2u);
    // Operands in the order of ranks, and ranks that lie in order already, stay as they are.
    EXPECT_EQ(DescribeSchedule(BuildPlaced(tree, shape, 4, /*in_rank_order=*/true)),
              DescribeSchedule(tree.build(shape, 4)));
  }
  const Algorithm& tree = *FindAlgorithm(shape.collective, "knomial4");
  const std::vector<int> in_order = {0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8};
  for (const absl::Span<const int> hosts : {absl::MakeConstSpan(in_order), absl::Span<const int>()}) {
    shape.groups = hosts;
    EXPECT_EQ(DescribeSchedule(BuildPlaced(tree, shape, 4, false)), DescribeSchedule(tree.build(shape, 4)));
  }
}

// Each block comes to each other group once, and as much of that through each rank.
TEST(Hierarchical, GathersAndScattersWithTheLeastBetweenGroups) {
  constexpr int kGroups = 3, kRanks = 4;
  constexpr uint64_t kCount = 1000;
  std::vector<int> groups;
  for (int r = 0; r < kGroups * kRanks; ++r) groups.push_back(r / kRanks);
  for (const Collective collective : {Collective::kAllGather, Collective::kReduceScatter}) {
    for (const uint64_t count : {kCount, 1000 * kCount}) {
      Shape shape;
      shape.collective = collective;
      shape.num_ranks = kGroups * kRanks;
      shape.count = count;
      shape.groups = groups;
      for (int rank = 0; rank < shape.num_ranks; ++rank) {
        const Schedule schedule = FindAlgorithm(collective, "hierarchical")->build(shape, rank);
        uint64_t come = 0;
        for (const Step& step : schedule.steps) {
          const bool receives = step.kind == StepKind::kRecv || step.kind == StepKind::kRecvReduce;
          if (receives && groups[static_cast<size_t>(step.peer)] != rank / kRanks) come += step.dst.count;
        }
        EXPECT_EQ(come, (kGroups - 1) * count) << CollectiveName(collective) << ", rank " << rank;
      }
    }
  }
}

const Algorithm& EncodedHierarchical() { return *AlgorithmOf(Collective::kAllReduce, 42); }

TEST(EncodedHierarchical, IsCorrectForAnyGroupsAndCuts) {
  VerifyForAnyGroupsAndCuts(EncodedHierarchical(), kSanitized ? std::vector{1, 5} : std::vector{1, 2, 5, 9});
}

// Codes leave a host, and only codes; inside there are none. A value leaves as rarely as it can.
TEST(EncodedHierarchical, SendsCodesBetweenGroupsAndValuesInside) {
  constexpr int kGroups = 3, kRanks = 4;
  std::vector<int> groups;
  for (int r = 0; r < kGroups * kRanks; ++r) groups.push_back(r / kRanks);
  Shape shape;
  shape.num_ranks = kGroups * kRanks;
  shape.count = 12 * 1'000'000;
  shape.groups = groups;
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    const Schedule schedule = EncodedHierarchical().build(shape, rank);
    uint64_t codes_between = 0;
    for (const Step& step : schedule.steps) {
      if (step.kind != StepKind::kSend) continue;
      const Region& sent = schedule.SourcesOf(step)[0];
      const bool leaves = groups[static_cast<size_t>(step.peer)] != rank / kRanks;
      ASSERT_EQ(sent.buffer == Buffer::kCoded, leaves) << "rank " << rank << " to " << step.peer;
      if (leaves) codes_between += sent.count;
    }
    EXPECT_NEAR(static_cast<double>(codes_between), 2.0 * (kGroups - 1) / kGroups * 12e6 / kRanks, 100) << rank;
    EXPECT_LE(schedule.coded_elements, 2u * kGroups * 8 * 65'536) << "slots are used again for every piece";
  }
}

// What a rank remembers of results by their places: no two of its slices have the same.
TEST(EncodedHierarchical, GivesEveryOwnedResultAPlaceOfItsOwn) {
  const std::vector<int> groups = {0, 0, 1, 1};
  Shape shape;
  shape.num_ranks = 4;
  shape.count = 100'003;
  shape.segment_bytes = 64 << 10;
  shape.groups = groups;
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    std::set<uint64_t> contributions, results;
    uint64_t end = 0, encoded = 0;
    const Schedule schedule = EncodedHierarchical().build(shape, rank);
    for (const Step& step : schedule.steps) {
      if (step.kind != StepKind::kEncode) continue;
      EXPECT_TRUE((step.slice.of_result ? results : contributions).insert(step.slice.offset).second);
      if (!step.slice.of_result) continue;
      EXPECT_EQ(step.slice.offset, end) << "they lie one behind the other";
      end += step.dst.count;
      encoded += step.dst.count;
    }
    EXPECT_GT(results.size(), 3u);
    EXPECT_NEAR(static_cast<double>(encoded), 100'003.0 / 4, 16);
  }
}

// Elements that leave each group, and of each rank the most.
TEST(Hierarchical, SendsTheLeastBetweenGroupsAndSpreadsItOverTheRanks) {
  const Algorithm& algorithm = *FindAlgorithm(Collective::kAllReduce, "hierarchical");
  constexpr int kGroups = 3, kRanks = 4;
  std::vector<int> groups;
  for (int r = 0; r < kGroups * kRanks; ++r) groups.push_back(r / kRanks);
  Shape shape;
  shape.num_ranks = kGroups * kRanks;
  shape.count = 12 * 1'000'000;
  shape.groups = groups;
  std::vector<uint64_t> left(kGroups, 0);
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    const Schedule schedule = algorithm.build(shape, rank);
    uint64_t between = 0;
    for (const Step& step : schedule.steps) {
      if (step.kind != StepKind::kSend || groups[static_cast<size_t>(step.peer)] == rank / kRanks) continue;
      between += schedule.SourcesOf(step)[0].count;
    }
    EXPECT_NEAR(static_cast<double>(between), 2.0 * (kGroups - 1) / kGroups * 12e6 / kRanks, 100) << rank;
    left[static_cast<size_t>(rank / kRanks)] += between;
  }
  for (uint64_t elements : left) {
    EXPECT_NEAR(static_cast<double>(elements), 2.0 * (kGroups - 1) / kGroups * 12e6, 100);
  }
}

class EveryUnevenAlgorithm : public EveryAlgorithm {};

TEST_P(EveryUnevenAlgorithm, IsCorrectForBlocksOfDifferentLengths) {
  for (int n = 1; n <= kMostRanks; ++n) {
    const int num_roots = HasRoot(algorithm().collective) ? n : 1;
    for (int root = 0; root < num_roots; ++root) {
      for (uint64_t longest : {0, 1, 5, 40}) {
        const UnevenBlocks blocks(algorithm().collective, n, root, longest);
        for (bool in_place : {false, true}) {
          if (in_place && !CanBeUnevenInPlace(algorithm().collective)) continue;
          Shape shape;
          shape.collective = algorithm().collective;
          shape.num_ranks = n;
          shape.root = root;
          shape.in_place = in_place;
          shape.segment_bytes = longest == 40 ? 24 : 0;
          blocks.SetIn(shape);
          Verify(shape);
          if (HasFatalFailure()) return;
          ExpectOwnBlocksAreEnough(shape);
        }
      }
    }
  }
}

std::string ParamName(const testing::TestParamInfo<const Algorithm*>& info) {
  return absl::StrCat(CollectiveName(info.param->collective), "_", info.param->name);
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryAlgorithm, testing::ValuesIn(AllAlgorithms(true)), ParamName);
INSTANTIATE_TEST_SUITE_P(Registry, EveryUnevenAlgorithm, testing::ValuesIn(UnevenAlgorithms()), ParamName);
INSTANTIATE_TEST_SUITE_P(Registry, EveryAlgorithmWithData, testing::ValuesIn(AllAlgorithms(false)), ParamName);

// Bytes that a rank sends, as a multiple of the vector's; the most over all ranks.
double MostSent(Collective collective, const char* name, int num_ranks) {
  Shape shape;
  shape.collective = collective;
  shape.num_ranks = num_ranks;
  shape.count = 64 * static_cast<uint64_t>(num_ranks);
  const Algorithm* algorithm = FindAlgorithm(collective, name);
  double most = 0;
  for (const Schedule& schedule : BuildAll(*algorithm, shape)) {
    uint64_t sent = 0;
    for (const Step& step : schedule.steps) {
      if (step.kind == StepKind::kSend) sent += schedule.SourcesOf(step)[0].count;
    }
    most = std::max(most, static_cast<double>(sent) / static_cast<double>(shape.count));
  }
  return most;
}

TEST(AllReduceCost, RingCirculantAndBineSendTheLeastPossible) {
  for (int n = 2; n <= 17; ++n) {
    const double least = 2.0 * (n - 1) / n;
    EXPECT_DOUBLE_EQ(MostSent(Collective::kAllReduce, "ring", n), least) << n;
    EXPECT_DOUBLE_EQ(MostSent(Collective::kAllReduce, "circulant", n), least) << n;
    EXPECT_DOUBLE_EQ(MostSent(Collective::kAllReduce, "bine", n), least) << n;
  }
}

TEST(AllReduceCost, DoubleTreeSendsAtMostTwiceTheVector) {
  for (int n = 2; n <= 17; ++n) EXPECT_LE(MostSent(Collective::kAllReduce, "double_tree", n), 2.0) << n;
}

TEST(BroadcastCost, DoubleTreeSendsTheVectorOncePerRank) {
  for (int n = 2; n <= 17; ++n) EXPECT_LE(MostSent(Collective::kBroadcast, "double_tree", n), 1.0) << n;
}

TEST(BroadcastCost, ScatterRingSendsLessThanTwiceTheVector) {
  for (int n = 2; n <= 17; ++n) EXPECT_LT(MostSent(Collective::kBroadcast, "scatter_ring", n), 2.0) << n;
}

TEST(ReduceScatterCost, AllSendTheLeastPossible) {
  for (int n = 2; n <= 17; ++n) {
    for (const Algorithm& algorithm : Algorithms(Collective::kReduceScatter)) {
      EXPECT_DOUBLE_EQ(MostSent(Collective::kReduceScatter, algorithm.name, n), n - 1.0) << algorithm.name << " " << n;
    }
  }
}

TEST(AllGatherCost, AllSendTheLeastPossible) {
  for (int n = 2; n <= 17; ++n) {
    for (const Algorithm& algorithm : Algorithms(Collective::kAllGather)) {
      EXPECT_DOUBLE_EQ(MostSent(Collective::kAllGather, algorithm.name, n), n - 1.0) << algorithm.name << " " << n;
    }
  }
}

// Chunks are put together to messages of segment_bytes, and never to longer ones; there are as many rounds as the
// header of the pattern says, and scratch for a few messages only.
TEST(PatCost, KeepsMessagesAndScratchWithinTheLimit) {
  for (Collective collective : {Collective::kAllGather, Collective::kReduceScatter}) {
    for (uint64_t together : {1, 2, 8, 32}) {
      Shape shape;
      shape.collective = collective;
      shape.num_ranks = 64;
      shape.count = 100;
      shape.segment_bytes = together * shape.count * shape.element_bytes;
      const Schedule schedule = FindAlgorithm(collective, "pat")->build(shape, 5);
      uint64_t messages = 0;
      for (const Step& step : schedule.steps) {
        if (step.kind != StepKind::kSend) continue;
        ++messages;
        EXPECT_LE(schedule.SourcesOf(step)[0].count, together * shape.count);
      }
      const auto log2_together = static_cast<uint64_t>(std::bit_width(together) - 1);
      EXPECT_EQ(messages, log2_together + 64 / together - 1) << together;
      const uint64_t stores = 2 * (6 - log2_together) + 1;
      EXPECT_LE(schedule.scratch_elements, stores * (together * shape.count + 16)) << together;
    }
  }
}

TEST(Registry, NamesAndIdsAreUniqueWithinACollective) {
  for (int c = 0; c < kNumCollectives; ++c) {
    std::set<std::string> names;
    std::set<int> ids;
    for (const Algorithm& algorithm : Algorithms(static_cast<Collective>(c))) {
      EXPECT_EQ(algorithm.collective, static_cast<Collective>(c));
      EXPECT_LT(algorithm.id, 64);
      EXPECT_TRUE(names.insert(algorithm.name).second) << algorithm.name;
      EXPECT_TRUE(ids.insert(algorithm.id).second) << algorithm.name;
      EXPECT_EQ(FindAlgorithm(static_cast<Collective>(c), algorithm.name), &algorithm);
    }
    for (const Algorithm& algorithm : EncodedAlgorithms(static_cast<Collective>(c))) {
      EXPECT_LT(algorithm.id, 64);
      EXPECT_TRUE(names.insert(algorithm.name).second) << algorithm.name;
      EXPECT_TRUE(ids.insert(algorithm.id).second) << algorithm.name;
      EXPECT_EQ(FindAlgorithm(static_cast<Collective>(c), algorithm.name), nullptr)
          << "it would be run without a codec";
      EXPECT_EQ(AlgorithmOf(static_cast<Collective>(c), algorithm.id), &algorithm);
    }
    EXPECT_GE(names.size(), 2u) << "latency and bandwidth ask for different algorithms";
  }
}

TEST(Registry, IdsStayWhatTheyAre) {
  // They travel in message signatures: a change would make two versions of the library misunderstand each other.
  const auto id = [](Collective collective, const char* name) { return int{FindAlgorithm(collective, name)->id}; };
  EXPECT_EQ(id(Collective::kAllReduce, "one_shot"), 0);
  EXPECT_EQ(id(Collective::kAllReduce, "recursive_doubling"), 1);
  EXPECT_EQ(id(Collective::kAllReduce, "ring"), 2);
  EXPECT_EQ(id(Collective::kAllReduce, "circulant"), 3);
  EXPECT_EQ(id(Collective::kAllReduce, "double_tree"), 4);
  EXPECT_EQ(id(Collective::kAllReduce, "shared_one_shot"), 5);
  EXPECT_EQ(id(Collective::kAllReduce, "shared_slices"), 6);
  EXPECT_EQ(id(Collective::kAllReduce, "hierarchical"), 7);
  EXPECT_EQ(id(Collective::kAllReduce, "direct"), 8);
  EXPECT_EQ(id(Collective::kAllReduce, "bine"), 9);
  EXPECT_EQ(id(Collective::kReduce, "ordered_binomial"), 3);
  EXPECT_EQ(AlgorithmOf(Collective::kAllReduce, 40)->name, std::string("encoded_direct"));
  EXPECT_EQ(AlgorithmOf(Collective::kAllReduce, 41)->name, std::string("encoded_gather"));
  EXPECT_EQ(AlgorithmOf(Collective::kAllReduce, 42)->name, std::string("encoded_hierarchical"));
  EXPECT_EQ(id(Collective::kBroadcast, "binomial"), 0);
  EXPECT_EQ(id(Collective::kBroadcast, "double_tree"), 1);
  EXPECT_EQ(id(Collective::kBroadcast, "scatter_ring"), 2);
  EXPECT_EQ(id(Collective::kBroadcast, "shared"), 3);
  EXPECT_EQ(id(Collective::kBroadcast, "knomial4"), 4);
  EXPECT_EQ(id(Collective::kBroadcast, "bine"), 5);
  EXPECT_EQ(id(Collective::kReduce, "binomial"), 0);
  EXPECT_EQ(id(Collective::kReduce, "double_tree"), 1);
  EXPECT_EQ(id(Collective::kReduce, "shared"), 2);
  EXPECT_EQ(id(Collective::kReduce, "knomial4"), 4);
  EXPECT_EQ(id(Collective::kReduce, "bine"), 5);
  EXPECT_EQ(id(Collective::kAllGather, "circulant"), 0);
  EXPECT_EQ(id(Collective::kAllGather, "ring"), 1);
  EXPECT_EQ(id(Collective::kAllGather, "shared"), 2);
  EXPECT_EQ(id(Collective::kAllGather, "spread"), 3);
  EXPECT_EQ(id(Collective::kAllGather, "pat"), 4);
  EXPECT_EQ(id(Collective::kAllGather, "bine"), 5);
  EXPECT_EQ(id(Collective::kAllGather, "hierarchical"), 6);
  EXPECT_EQ(id(Collective::kReduceScatter, "hierarchical"), 6);
  EXPECT_EQ(id(Collective::kReduceScatter, "circulant"), 0);
  EXPECT_EQ(id(Collective::kReduceScatter, "ring"), 1);
  EXPECT_EQ(id(Collective::kReduceScatter, "pairwise"), 2);
  EXPECT_EQ(id(Collective::kReduceScatter, "shared"), 3);
  EXPECT_EQ(id(Collective::kReduceScatter, "pat"), 4);
  EXPECT_EQ(id(Collective::kReduceScatter, "bine"), 5);
  EXPECT_EQ(id(Collective::kBarrier, "dissemination"), 0);
  EXPECT_EQ(id(Collective::kBarrier, "tree"), 1);
  EXPECT_EQ(id(Collective::kBarrier, "shared"), 2);
  EXPECT_EQ(id(Collective::kAllToAll, "spread"), 0);
  EXPECT_EQ(id(Collective::kAllToAll, "bruck"), 1);
  EXPECT_EQ(id(Collective::kAllToAll, "shared"), 2);
  EXPECT_EQ(id(Collective::kAllToAll, "pairwise"), 3);
  EXPECT_EQ(id(Collective::kGather, "linear"), 0);
  EXPECT_EQ(id(Collective::kGather, "binomial"), 1);
  EXPECT_EQ(id(Collective::kGather, "shared"), 2);
  EXPECT_EQ(id(Collective::kGather, "knomial4"), 3);
  EXPECT_EQ(id(Collective::kScatter, "linear"), 0);
  EXPECT_EQ(id(Collective::kScatter, "binomial"), 1);
  EXPECT_EQ(id(Collective::kScatter, "shared"), 2);
  EXPECT_EQ(id(Collective::kScatter, "knomial4"), 3);
}

TEST(Registry, AnUnknownNameFindsNothing) {
  EXPECT_EQ(FindAlgorithm(Collective::kAllReduce, "binomial"), nullptr);
  EXPECT_EQ(FindAlgorithm(Collective::kAllReduce, ""), nullptr);
}

// That those which say so do is part of every proof above; here, that no other one could.
TEST(RankOrder, IsKeptByAllThatCanAndBrokenByAllOthers) {
  for (const Algorithm* algorithm : AllAlgorithms(/*with_barrier=*/false)) {
    if (!Reduces(algorithm->collective)) continue;
    if (algorithm->id >= 40) continue;                             // codecs are not for such operations
    if (std::string(algorithm->name) == "hierarchical") continue;  // keeps it or not, as its hosts lie
    bool kept = true;
    for (int n : {2, 5, 8}) {
      for (int root = 0; root < (HasRoot(algorithm->collective) ? n : 1); ++root) {
        Shape shape;
        shape.collective = algorithm->collective;
        shape.num_ranks = n;
        shape.root = root;
        shape.count = 40;
        kept &= VerifySchedules(shape, BuildAll(*algorithm, shape), {.in_rank_order = true}).ok();
      }
    }
    EXPECT_EQ(kept, algorithm->keeps_rank_order) << CollectiveName(algorithm->collective) << ":" << algorithm->name;
  }
}

// Items of an application's operation are longer than any element type.
TEST(RankOrder, AlgorithmsTakeElementsOf64Bytes) {
  for (const Algorithm* algorithm : AllAlgorithms(/*with_barrier=*/false)) {
    if (!Reduces(algorithm->collective) || algorithm->id >= 40) continue;
    for (uint64_t count : {uint64_t{1}, uint64_t{7}, uint64_t{3000}}) {
      Shape shape;
      shape.collective = algorithm->collective;
      shape.num_ranks = 3;
      shape.count = count;
      shape.element_bytes = 64;
      const absl::Status status = VerifySchedules(shape, BuildAll(*algorithm, shape), {});
      EXPECT_TRUE(status.ok()) << algorithm->name << ": " << status.message();
    }
  }
}

}  // namespace
}  // namespace tutti
