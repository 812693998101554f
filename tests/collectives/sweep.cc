// SPDX-License-Identifier: Apache-2.0
#include "sweep.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

#include "collectives/algorithms/all_gather/spread.h"
#include "collectives/algorithms/all_reduce/direct.h"
#include "collectives/schedule/levels.h"
#include "collectives/schedule/window_program.h"
#include "uneven_blocks.h"

namespace tutti {
namespace {

constexpr int kAllRootsUpTo = 16;
constexpr int kAllCountsUpTo = 64;   // above, schedules are long and the counts are chosen
constexpr int kBothPlacesUpTo = 32;  // above, a count is in place or not, and for the next rank count the other way
constexpr int kOneSizeFrom = 400;    // above, each rank count has one size

// Between more ranks than kMaxWindowRanks windows are used only by who insists, and as messages: that it works is shown,
// but a schedule of a million messages is not checked for each count.
constexpr int kMostWindowRanks = 2 * kMaxWindowRanks;

// Schedules of all pairs have millions of steps: above, only the largest rank count.
constexpr int kAllPairsUpTo = 257;
bool IsBetweenAllPairs(const Algorithm& algorithm) {
  // Hierarchical ones are that within a group.
  return algorithm.collective == Collective::kAllToAll || algorithm.build == all_gather::BuildSpread ||
         (algorithm.name == absl::string_view("hierarchical") && algorithm.collective != Collective::kAllReduce);
}

std::vector<int> RankCounts(SweepLevel level) {
  if (level == SweepLevel::kReduced) return {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 17, 33};
  std::vector<int> counts;
  for (int n = 1; n <= kAllCountsUpTo; ++n) counts.push_back(n);
  for (int n : {65, 96, 100, 127, 128, 129, 200, 255, 256, 257, 511, 512, 513, 1000, 1023, 1024}) counts.push_back(n);
  return counts;
}

std::set<int> Roots(Collective collective, int num_ranks) {
  if (!HasRoot(collective)) return {0};
  std::set<int> roots = {0, 1, num_ranks / 3, num_ranks / 2, num_ranks - 1};
  if (num_ranks > kAllCountsUpTo) roots = {0, num_ranks / 3, num_ranks - 1};
  if (num_ranks <= kAllRootsUpTo) {
    for (int root = 0; root < num_ranks; ++root) roots.insert(root);
  }
  roots.erase(roots.lower_bound(num_ranks), roots.end());
  return roots;
}

// How large the vector is, and how it is cut.
struct Size {
  uint64_t count;
  uint32_t element_bytes = 4;
  uint64_t segment_bytes = 0;
};

// Counts that make several segments in every chunk, with a last one that is shorter; `chunks`: how many the vector has.
std::vector<Size> SegmentedSizes(uint64_t chunks, bool small, SweepLevel level) {
  std::vector<Size> sizes = {{chunks * 50 + 7, 4, 64}};
  if (!small) return sizes;
  sizes.push_back({chunks * 13 + 1, 1, 4});
  sizes.push_back({chunks * 9 + 2, 2, 7});  // 7 bytes are no whole number of elements
  sizes.push_back({chunks * 5 + 3, 8, 1});  // less than one element
  sizes.push_back({chunks * 300, 8, 800});
  if (level == SweepLevel::kFull) {
    sizes.push_back({uint64_t{1} << 20, 4, 64 << 10});
    sizes.push_back({(uint64_t{1} << 20) + 5, 8, 0});  // the algorithm's own cut
  }
  return sizes;
}

std::vector<Size> Sizes(const Algorithm& algorithm, int num_ranks, SweepLevel level) {
  const Collective collective = algorithm.collective;
  const auto n = static_cast<uint64_t>(num_ranks);
  if (collective == Collective::kBarrier) return {{0}};
  if (num_ranks > kOneSizeFrom) return {{num_ranks % 2 == 0 ? n + 1 : 3}};
  if (num_ranks > kAllCountsUpTo) return {{n + 1}, {3}};
  std::vector<Size> sizes;
  for (uint64_t count : std::set<uint64_t>{0, 1, n - 1, n, n + 1, 3 * n + 2}) sizes.push_back({count});
  // A publish is a message to each other rank: cut into segments, only some of the larger rank counts.
  if (algorithm.window != nullptr && num_ranks > kAllRootsUpTo && num_ranks % 16 != 1) return sizes;
  const std::vector<Size> segmented =
      SegmentedSizes(HasBlockPerRank(collective) ? 1 : n, num_ranks <= kAllRootsUpTo, level);
  sizes.insert(sizes.end(), segmented.begin(), segmented.end());
  return sizes;
}

}  // namespace

bool UsesGroups(const Algorithm& algorithm) {
  const absl::string_view name = algorithm.name;
  return name == "hierarchical" || name == "ring";
}

std::vector<SweepItem> SweepItems(SweepLevel level) {
  std::vector<SweepItem> items;
  const std::vector<int> counts = RankCounts(level);
  for (auto n = counts.rbegin(); n != counts.rend(); ++n) {
    for (int collective = 0; collective < kNumCollectives; ++collective) {
      for (const Algorithm& algorithm : Algorithms(static_cast<Collective>(collective))) {
        const bool is_direct = algorithm.build == all_reduce::BuildDirect;  // twice as many as all pairs
        const bool too_many = algorithm.window != nullptr ? *n > kMostWindowRanks
                              : is_direct                 ? *n > kAllPairsUpTo
                                          : IsBetweenAllPairs(algorithm) && *n > kAllPairsUpTo && *n != counts.back();
        if (!too_many) items.push_back({&algorithm, *n});
      }
    }
  }
  return items;
}

void SetUnevenBlocks(Shape& shape, uint64_t longest) {
  using Key = std::tuple<Collective, int, int, uint64_t>;
  static std::mutex mutex;
  static std::map<Key, std::unique_ptr<const UnevenBlocks>> tables;
  std::lock_guard<std::mutex> lock(mutex);
  auto& blocks = tables[Key(shape.collective, shape.num_ranks, shape.root, longest)];
  if (blocks == nullptr) {
    blocks = std::make_unique<const UnevenBlocks>(shape.collective, shape.num_ranks, shape.root, longest);
  }
  blocks->SetIn(shape);
}

void SetGroups(Shape& shape, int size) {
  static std::mutex mutex;
  static std::map<std::pair<int, int>, std::vector<int>> tables;
  std::lock_guard<std::mutex> lock(mutex);
  std::vector<int>& groups = tables[{shape.num_ranks, size}];
  const int num_groups = (shape.num_ranks + size - 1) / size;
  while (static_cast<int>(groups.size()) < shape.num_ranks) {
    groups.push_back(static_cast<int>(groups.size()) % num_groups);
  }
  shape.groups = groups;
}

void SetLevels(Shape& shape, SweepLevels which) {
  static std::mutex mutex;
  static std::map<std::pair<int, SweepLevels>, Levels> tables;
  std::lock_guard<std::mutex> lock(mutex);
  const auto [known, is_new] = tables.try_emplace({shape.num_ranks, which});
  if (is_new) {
    struct Place {
      int index, host;
    };
    constexpr int kHostOf[] = {0, 0, 0, 1, 1, 1, 1, 1, 2};  // 3 + 5 + 1 ranks of a rack
    std::vector<Place> places;
    for (int i = 0; i < shape.num_ranks; ++i) {
      const int host = i / 9 * 3 + kHostOf[i % 9];
      const bool same_host = !places.empty() && places.back().host == host;
      places.push_back({same_host ? places.back().index + 1 : 0, host});
    }
    std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.index < b.index; });
    Levels all;
    all.finer.resize(1);
    all.wider.resize(2);
    std::vector<int> ranks;
    for (const Place& place : places) {
      ranks.push_back(static_cast<int>(ranks.size()));
      all.finer[0].push_back(place.host * 8 + place.index / 2);
      all.groups.push_back(place.host);
      all.wider[0].push_back(place.host / 3);
      all.wider[1].push_back(place.host / 6);
    }
    if (which != SweepLevels::kProcessorsInHosts) all.finer.clear();
    if (which == SweepLevels::kProcessorsInHosts) all.wider.pop_back();
    if (which == SweepLevels::kRacksOfHostsWithOneEach) all.groups.clear();
    known->second = all.Among(ranks);
  }
  known->second.SetIn(shape);
}

std::vector<Shape> SweepShapes(const SweepItem& item, SweepLevel level) {
  std::vector<Shape> shapes;
  const Collective collective = item.algorithm->collective;
  for (int root : Roots(collective, item.num_ranks)) {
    for (const Size& size : Sizes(*item.algorithm, item.num_ranks, level)) {
      for (bool in_place : {false, true}) {
        if (in_place && collective == Collective::kBarrier) continue;
        const bool larger = size.count > static_cast<uint64_t>(item.num_ranks);
        const bool preferred =
            item.num_ranks > kOneSizeFrom ? item.num_ranks / 2 % 2 == 1 : larger == (item.num_ranks % 2 == 0);
        if (item.num_ranks > kBothPlacesUpTo && collective != Collective::kBarrier && in_place != preferred) continue;
        Shape shape;
        shape.collective = collective;
        shape.num_ranks = item.num_ranks;
        shape.root = root;
        shape.count = size.count;
        shape.element_bytes = size.element_bytes;
        shape.segment_bytes = size.segment_bytes;
        shape.in_place = in_place;
        shapes.push_back(shape);
        if (!UsesGroups(*item.algorithm) || item.num_ranks > kAllCountsUpTo) continue;
        for (int group_size : {2, 3, 8}) {
          SetGroups(shape, group_size);
          shapes.push_back(shape);
        }
        for (const SweepLevels levels :
             {SweepLevels::kHostsInRacks, SweepLevels::kProcessorsInHosts, SweepLevels::kRacksOfHostsWithOneEach}) {
          SetLevels(shape, levels);
          if (!shape.wider.empty()) shapes.push_back(shape);
        }
      }
    }
    const bool some = item.num_ranks <= kAllRootsUpTo || item.num_ranks % 16 == 1;
    if (!item.algorithm->takes_uneven_blocks || item.num_ranks > kAllCountsUpTo || !some) continue;
    for (uint64_t longest : {uint64_t{3}, uint64_t{50}}) {
      for (bool in_place : {false, true}) {
        if (in_place && !CanBeUnevenInPlace(collective)) continue;
        Shape shape;
        shape.collective = collective;
        shape.num_ranks = item.num_ranks;
        shape.root = root;
        shape.in_place = in_place;
        shape.segment_bytes = longest == 50 ? 64 : 0;
        SetUnevenBlocks(shape, longest);
        shapes.push_back(shape);
      }
    }
  }
  return shapes;
}

std::vector<Schedule> BuildAll(const Algorithm& algorithm, const Shape& shape) {
  std::vector<Schedule> schedules;
  schedules.reserve(static_cast<size_t>(shape.num_ranks));
  for (int rank = 0; rank < shape.num_ranks; ++rank) schedules.push_back(algorithm.build(shape, rank));
  return schedules;
}

std::string DescribeCase(const Algorithm& algorithm, const Shape& shape) {
  return absl::StrCat(CollectiveName(algorithm.collective), ":", algorithm.name, " ranks=", shape.num_ranks,
                      " root=", shape.root, " count=", shape.count, " element_bytes=", shape.element_bytes,
                      " in_place=", shape.in_place ? 1 : 0, " segment_bytes=", shape.segment_bytes,
                      shape.uneven() ? " uneven" : "",
                      shape.groups.empty() ? "" : absl::StrCat(" groups=", absl::StrJoin(shape.groups, ",")),
                      shape.finer.empty() ? "" : absl::StrCat(" and ", shape.finer.size(), " finer levels"),
                      shape.wider.empty() ? "" : absl::StrCat(" and ", shape.wider.size(), " wider levels"));
}

}  // namespace tutti
