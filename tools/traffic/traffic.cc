// SPDX-License-Identifier: Apache-2.0
#include "tools/traffic/traffic.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti::traffic {
namespace {

using simulate::Cluster;

constexpr uint64_t kMostSteps = 200'000'000;  // about a minute

}  // namespace

const char* UnitName(Unit unit) {
  switch (unit) {
    case Unit::kRank:
      return "rank";
    case Unit::kHost:
      return "host";
    case Unit::kRack:
      return "rack";
    case Unit::kPod:
      return "pod";
  }
  return "unknown";
}

int NumUnits(const Cluster& cluster, Unit unit) {
  switch (unit) {
    case Unit::kRank:
      return cluster.num_ranks();
    case Unit::kHost:
      return cluster.num_hosts();
    case Unit::kRack:
      return cluster.num_racks();
    case Unit::kPod:
      return cluster.num_pods();
  }
  return 0;
}

int UnitOf(const Cluster& cluster, Unit unit, int rank) {
  if (unit == Unit::kRank) return rank;
  const int host = cluster.HostOf(rank);
  if (unit == Unit::kHost) return host;
  const int rack = cluster.RackOf(host);
  return unit == Unit::kRack ? rack : cluster.PodOf(rack);
}

Unit SmallestUnit(const Cluster& cluster, int most) {
  for (const Unit unit : {Unit::kRank, Unit::kHost, Unit::kRack}) {
    if (NumUnits(cluster, unit) <= most) return unit;
  }
  return Unit::kPod;
}

int Traffic::MostOut(Unit what) const {
  const std::vector<Border>& all = borders[static_cast<size_t>(what)];
  const auto most = std::max_element(all.begin(), all.end(),
                                     [](const Border& a, const Border& b) { return a.out.bytes < b.out.bytes; });
  return static_cast<int>(most - all.begin());
}

int Traffic::MostIn(Unit what) const {
  const std::vector<Border>& all = borders[static_cast<size_t>(what)];
  const auto most = std::max_element(all.begin(), all.end(),
                                     [](const Border& a, const Border& b) { return a.in.bytes < b.in.bytes; });
  return static_cast<int>(most - all.begin());
}

absl::StatusOr<Traffic> TrafficOf(const Shape& shape, simulate::BuildSchedule build, const Cluster& cluster,
                                  Unit unit) {
  const uint64_t steps = simulate::EstimateSteps(shape, build);
  if (steps > kMostSteps) {
    return absl::ResourceExhaustedError(absl::StrCat("the schedules have about ", steps, " steps, too many to add up (",
                                                     kMostSteps, "): ask with fewer ranks (-n)"));
  }
  Traffic traffic;
  traffic.unit = unit;
  traffic.num_units = NumUnits(cluster, unit);
  for (const Unit what : {Unit::kHost, Unit::kRack, Unit::kPod}) {
    traffic.borders[static_cast<size_t>(what)].resize(static_cast<size_t>(NumUnits(cluster, what)));
  }
  std::map<std::pair<int, int>, Flow> flows;
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    const Schedule schedule = build(shape, rank);
    for (const Step& step : schedule.steps) {
      if (step.kind != StepKind::kSend) continue;
      const simulate::PathClass path = cluster.PathOf(rank, step.peer).path_class;
      const Amount amount = {schedule.SourcesOf(step)[0].count * shape.element_bytes, 1};
      traffic.by_path[static_cast<size_t>(path)].Add(amount);
      for (const Unit what : {Unit::kHost, Unit::kRack, Unit::kPod}) {
        const size_t from = static_cast<size_t>(UnitOf(cluster, what, rank));
        const size_t to = static_cast<size_t>(UnitOf(cluster, what, step.peer));
        if (from == to) continue;
        traffic.borders[static_cast<size_t>(what)][from].out.Add(amount);
        traffic.borders[static_cast<size_t>(what)][to].in.Add(amount);
      }
      const int from = UnitOf(cluster, unit, rank);
      const int to = UnitOf(cluster, unit, step.peer);
      if (from == to) continue;
      Flow& flow = flows.try_emplace({from, to}, Flow{from, to, path, {}}).first->second;
      flow.amount.Add(amount);
    }
  }
  for (const auto& [ends, flow] : flows) traffic.flows.push_back(flow);
  return traffic;
}

}  // namespace tutti::traffic
