// SPDX-License-Identifier: Apache-2.0
// Algorithms on hosts in racks in pods: right for uneven ones, dealt out by turns, and with the least that can cross the
// boundaries of each level.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"

#include "collectives/algorithms/placed.h"
#include "collectives/algorithms/registry.h"
#include "collectives/check/verifier.h"
#include "collectives/schedule/levels.h"
#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"
#include "sanitized.h"

namespace tutti {
namespace {

// `ranks_of_host` in each rack, `racks` of them, two to a pod; the ranks of hosts and racks by turns. With parts of hosts,
// these are of two ranks.
Levels Tree(const std::vector<int>& ranks_of_host, int racks, bool with_parts = false) {
  Levels all;
  all.finer.resize(1);
  all.wider.resize(2);
  std::vector<int> ranks;
  bool is_full = false;
  for (int index = 0; !is_full; ++index) {
    is_full = true;
    for (size_t host = 0; host < ranks_of_host.size(); ++host) {
      for (int rack = 0; rack < racks && index < ranks_of_host[host]; ++rack) {
        is_full = false;
        const int number = rack * static_cast<int>(ranks_of_host.size()) + static_cast<int>(host);
        ranks.push_back(static_cast<int>(ranks.size()));
        all.finer[0].push_back(number * 100 + index / 2);
        all.groups.push_back(number);
        all.wider[0].push_back(rack);
        all.wider[1].push_back(rack / 2);
      }
    }
  }
  if (!with_parts) all.finer.clear();
  return all.Among(ranks);
}

int RanksOf(const Levels& levels) { return static_cast<int>(levels.wider.at(0).size()); }

struct Case {
  const char* name;
  Levels levels;
};

std::vector<Case> Cases() {
  return {{"2 pods of 2 racks of hosts with 3, 5 and 1 ranks", Tree({3, 5, 1}, 4)},
          {"3 racks of hosts with 2 and 4 ranks, in pairs", Tree({2, 4}, 3, /*with_parts=*/true)},
          {"4 racks of 3 hosts with one rank each", Tree({1, 1, 1}, 4)}};
}

std::vector<Schedule> BuildPlacedAll(const Algorithm& algorithm, const Shape& shape) {
  std::vector<Schedule> schedules;
  for (int rank = 0; rank < shape.num_ranks; ++rank) schedules.push_back(BuildPlaced(algorithm, shape, rank, false));
  return schedules;
}

std::vector<const Algorithm*> ThatLookAtLevels() {
  std::vector<const Algorithm*> all = {AlgorithmOf(Collective::kAllReduce, 42)};
  for (const Collective collective : {Collective::kAllReduce, Collective::kAllGather, Collective::kReduceScatter}) {
    all.push_back(FindAlgorithm(collective, "hierarchical"));
    all.push_back(FindAlgorithm(collective, "ring"));
  }
  for (const Collective collective : {Collective::kBroadcast, Collective::kReduce, Collective::kBarrier}) {
    for (const Algorithm& algorithm : Algorithms(collective)) all.push_back(&algorithm);
  }
  return all;
}

TEST(Levels, EveryAlgorithmThatLooksAtThemIsRight) {
  for (const Case& at : Cases()) {
    for (const Algorithm* algorithm : ThatLookAtLevels()) {
      for (const uint64_t count : {uint64_t{1}, uint64_t{40}, uint64_t{20'011}}) {
        for (const bool in_place : {false, true}) {
          if (kSanitized && count > 100) continue;
          Shape shape;
          shape.collective = algorithm->collective;
          shape.num_ranks = RanksOf(at.levels);
          shape.root = HasRoot(shape.collective) ? shape.num_ranks / 2 : 0;
          shape.count = shape.collective == Collective::kBarrier ? 0 : count;
          shape.in_place = in_place && shape.collective != Collective::kBarrier;
          shape.segment_bytes = count > 100 ? 9000 : 0;
          at.levels.SetIn(shape);
          VerifyOptions options;
          options.max_outstanding_receives_per_peer = 1;
          const absl::Status status = VerifySchedules(shape, BuildPlacedAll(*algorithm, shape), options);
          ASSERT_TRUE(status.ok()) << status.message() << "\n"
                                   << CollectiveName(shape.collective) << ":" << algorithm->name << " on " << at.name
                                   << ", count " << count << ", in place " << in_place;
        }
      }
    }
  }
}

// So fine a cut is limited by the number of steps, of which ranks of larger groups have more.
TEST(Levels, RanksOfGroupsOfDifferentSizesCutAlike) {
  if (kSanitized) GTEST_SKIP() << "a proof of long schedules";
  const std::vector<int> hosts = {0, 0, 0, 0, 0, 5, 5};
  for (const Collective collective : {Collective::kAllReduce, Collective::kAllGather, Collective::kReduceScatter}) {
    Shape shape;
    shape.collective = collective;
    shape.num_ranks = 7;
    shape.count = 20'000;
    shape.segment_bytes = 4;
    shape.groups = hosts;
    const Algorithm& algorithm = *FindAlgorithm(collective, "hierarchical");
    const absl::Status status = VerifySchedules(shape, BuildPlacedAll(algorithm, shape));
    EXPECT_TRUE(status.ok()) << CollectiveName(collective) << ": " << status.message();
  }
}

// Elements that leave each group of the level.
std::vector<uint64_t> Leaving(const std::vector<Schedule>& schedules, const std::vector<int>& level) {
  std::vector<uint64_t> leaving;
  for (size_t rank = 0; rank < schedules.size(); ++rank) {
    const auto group = static_cast<size_t>(level[rank]);
    if (leaving.size() <= group) leaving.resize(group + 1);
    for (const Step& step : schedules[rank].steps) {
      if (step.kind != StepKind::kSend || level[static_cast<size_t>(step.peer)] == level[rank]) continue;
      leaving[group] += schedules[rank].SourcesOf(step)[0].count;
    }
  }
  return leaving;
}

int SizeOf(const std::vector<int>& level, size_t group) {
  return static_cast<int>(std::count(level.begin(), level.end(), static_cast<int>(group)));
}

// Each block once into each rack and each pod; of each rack and each pod, one sum of each block of others. What is 3 racks in 2
// pods has one leader for a pod of two racks, and a result comes to its own rack from there.
TEST(Levels, BlocksCrossEachBoundaryOnce) {
  for (const Case& at : Cases()) {
    for (const uint64_t count : {uint64_t{1000}, uint64_t{100'000}}) {
      Shape shape;
      shape.num_ranks = RanksOf(at.levels);
      shape.count = count;
      at.levels.SetIn(shape);
      for (const std::vector<int>& level : at.levels.wider) {
        shape.collective = Collective::kAllGather;
        const auto gathering = BuildPlacedAll(*FindAlgorithm(shape.collective, "hierarchical"), shape);
        const std::vector<uint64_t> leaving = Leaving(gathering, level);
        uint64_t all = 0, least = 0;
        for (size_t group = 0; group < leaving.size(); ++group) {
          all += leaving[group];
          least += static_cast<uint64_t>(shape.num_ranks - SizeOf(level, group)) * count;
        }
        EXPECT_EQ(all, least) << at.name << ", " << leaving.size() << " groups";
        shape.collective = Collective::kReduceScatter;
        const auto scattering = BuildPlacedAll(*FindAlgorithm(shape.collective, "hierarchical"), shape);
        const std::vector<uint64_t> sums = Leaving(scattering, level);
        for (size_t group = 0; group < sums.size() && sums.size() != 3; ++group) {
          EXPECT_EQ(sums[group], static_cast<uint64_t>(shape.num_ranks - SizeOf(level, group)) * count)
              << at.name << ", group " << group << " of " << sums.size();
        }
      }
    }
  }
}

// As much as one edge of the ring carries leaves each host, rack and pod, whatever the numbers of its ranks are.
TEST(Levels, ARingLeavesEachGroupOnce) {
  for (const Case& at : Cases()) {
    for (const Collective collective : {Collective::kAllGather, Collective::kReduceScatter, Collective::kAllReduce}) {
      const bool is_all_reduce = collective == Collective::kAllReduce;
      Shape shape;
      shape.collective = collective;
      shape.num_ranks = RanksOf(at.levels);
      const auto ranks = static_cast<uint64_t>(shape.num_ranks);
      shape.count = is_all_reduce ? 100 * ranks : 100;
      at.levels.SetIn(shape);
      const auto schedules = BuildPlacedAll(*FindAlgorithm(collective, "ring"), shape);
      std::vector<std::vector<int>> levels = at.levels.wider;
      if (!at.levels.groups.empty()) levels.push_back(at.levels.groups);
      for (const std::vector<int>& level : levels) {
        for (const uint64_t elements : Leaving(schedules, level)) {
          EXPECT_EQ(elements, (is_all_reduce ? 200 : 100) * (ranks - 1))
              << CollectiveName(collective) << " on " << at.name;
        }
      }
    }
  }
}

// A vector's g parts, each complete in one group and then given to the others: 2 (g - 1) / g of it leaves each on average.
TEST(Levels, AllReduceSendsTheLeastOutOfEachHostRackAndPod) {
  Shape shape;
  shape.count = 3'000'000;
  for (const Case& at : Cases()) {
    shape.num_ranks = RanksOf(at.levels);
    at.levels.SetIn(shape);
    const auto schedules = BuildPlacedAll(*FindAlgorithm(Collective::kAllReduce, "hierarchical"), shape);
    std::vector<std::vector<int>> levels = at.levels.wider;
    if (!at.levels.groups.empty()) levels.push_back(at.levels.groups);
    for (const std::vector<int>& level : levels) {
      const std::vector<uint64_t> leaving = Leaving(schedules, level);
      uint64_t sum = 0;
      for (const uint64_t elements : leaving) sum += elements;
      const auto num = static_cast<double>(leaving.size());
      EXPECT_NEAR(static_cast<double>(sum) / num, 2.0 * (num - 1) / num * static_cast<double>(shape.count), 100)
          << at.name << ", a level of " << num << " groups";
    }
  }
}

}  // namespace
}  // namespace tutti
