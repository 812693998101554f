// SPDX-License-Identifier: Apache-2.0
#include "tools/topology/ranks.h"

#include <algorithm>
#include <utility>

namespace tutti::topology {
namespace {

int LowestThatHolds(const Place& place, PlaceKind kind, const std::vector<int>& cpus) {
  int lowest = -1;
  const bool holds = std::includes(place.cpus.begin(), place.cpus.end(), cpus.begin(), cpus.end());
  if (place.kind == kind && holds) lowest = place.index;
  for (const Place& part : place.parts) {
    const int found = LowestThatHolds(part, kind, cpus);
    if (found >= 0 && (lowest < 0 || found < lowest)) lowest = found;
  }
  return lowest;
}

// What may be used of each core that may be used at all.
void AddCores(const Place& place, std::vector<std::vector<int>>* cores) {
  if (place.kind == PlaceKind::kCore && !place.allowed.empty()) cores->push_back(place.allowed);
  for (const Place& part : place.parts) AddCores(part, cores);
}

LocalRank RankOn(const Place& machine, int rank, std::vector<int> cpus) {
  LocalRank on;
  on.rank = rank;
  on.cpus = std::move(cpus);
  on.node = NodeOf(machine, on.cpus);
  return on;
}

}  // namespace

int NodeOf(const Place& machine, const std::vector<int>& cpus) {
  return cpus.empty() ? -1 : LowestThatHolds(machine, PlaceKind::kNumaNode, cpus);
}

int PackageOf(const Place& machine, const std::vector<int>& cpus) {
  return cpus.empty() ? -1 : LowestThatHolds(machine, PlaceKind::kPackage, cpus);
}

std::vector<LocalRank> UnboundRanks(const Place& machine, int count) {
  std::vector<LocalRank> ranks;
  ranks.reserve(static_cast<size_t>(count));
  for (int rank = 0; rank < count; ++rank) ranks.push_back(RankOn(machine, rank, machine.allowed));
  return ranks;
}

std::vector<LocalRank> RanksInEqualParts(const Place& machine, int count) {
  std::vector<std::vector<int>> cores;
  AddCores(machine, &cores);
  if (cores.empty()) {  // a description without cores
    for (const int cpu : machine.allowed) cores.push_back({cpu});
  }
  std::vector<LocalRank> ranks;
  const size_t parts = static_cast<size_t>(count);
  for (size_t rank = 0; rank < parts && !cores.empty(); ++rank) {
    const size_t first = rank * cores.size() / parts;
    const size_t end = std::max(first + 1, (rank + 1) * cores.size() / parts);
    std::vector<int> cpus;
    for (size_t core = first; core < end; ++core) cpus.insert(cpus.end(), cores[core].begin(), cores[core].end());
    std::sort(cpus.begin(), cpus.end());
    ranks.push_back(RankOn(machine, static_cast<int>(rank), std::move(cpus)));
  }
  return ranks;
}

}  // namespace tutti::topology
