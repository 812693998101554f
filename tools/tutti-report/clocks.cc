// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-report/clocks.h"

#include <algorithm>
#include <utility>

namespace tutti::report {
namespace {

int64_t MedianError(std::vector<ClockEntry> readings) {
  const auto middle = readings.begin() + static_cast<std::ptrdiff_t>(readings.size() / 2);
  std::nth_element(readings.begin(), middle, readings.end(),
                   [](const ClockEntry& a, const ClockEntry& b) { return a.error_ns < b.error_ns; });
  return middle->error_ns;
}

// The reading taken nearest to that time.
const ClockEntry& Nearest(const std::vector<ClockEntry>& readings, int64_t ns) {
  const auto after = std::lower_bound(readings.begin(), readings.end(), ns,
                                      [](const ClockEntry& reading, int64_t at) { return reading.at_ns < at; });
  if (after == readings.begin()) return *after;
  if (after == readings.end()) return readings.back();
  const auto before = after - 1;
  return ns - before->at_ns < after->at_ns - ns ? *before : *after;
}

}  // namespace

Clocks::Clocks(const Records& records) {
  // What the ranks of one host have heard of the clock of another, the best of them.
  std::map<std::pair<std::string, std::string>, Hop> hops;
  for (const auto& [job_rank, rank] : records.ranks) host_of_[job_rank] = rank.host_id;
  for (const auto& [job_rank, rank] : records.ranks) {
    std::map<std::string, std::vector<ClockEntry>> by_host;
    for (const ClockEntry& clock : rank.clocks) {
      const auto peer = host_of_.find(clock.job_rank);
      if (peer != host_of_.end() && peer->second != rank.host_id) by_host[peer->second].push_back(clock);
    }
    for (auto& [host_id, readings] : by_host) {
      std::stable_sort(readings.begin(), readings.end(),
                       [](const ClockEntry& a, const ClockEntry& b) { return a.at_ns < b.at_ns; });
      const int64_t error_ns = MedianError(readings);
      Hop& there = hops[{rank.host_id, host_id}];
      if (!there.readings.empty() && !there.reversed && there.error_ns <= error_ns) continue;
      there = {readings, error_ns, false};
      Hop& back = hops[{host_id, rank.host_id}];
      // Its own word is as good, and in its own time.
      if (back.readings.empty() || (back.reversed && back.error_ns > error_ns)) back = {readings, error_ns, true};
    }
  }

  // Dijkstra's algorithm, over a handful of hosts.
  const RankRecords& reference = records.ranks.begin()->second;
  std::map<std::string, Route> open = {{reference.host_id, Route{}}};
  while (!open.empty()) {
    const auto nearest = std::min_element(
        open.begin(), open.end(), [](const auto& a, const auto& b) { return a.second.error_ns < b.second.error_ns; });
    const auto [host_id, route] = *nearest;
    open.erase(nearest);
    routes_[host_id] = route;
    for (const auto& [ends, hop] : hops) {
      if (ends.second != host_id || routes_.contains(ends.first)) continue;
      Route longer;
      longer.hops = {hop};
      longer.hops.insert(longer.hops.end(), route.hops.begin(), route.hops.end());
      longer.error_ns = route.error_ns + hop.error_ns;
      const auto known = open.find(ends.first);
      if (known == open.end() || known->second.error_ns > longer.error_ns) open[ends.first] = longer;
    }
  }
  for (const auto& [job_rank, rank] : records.ranks) {
    if (routes_.contains(rank.host_id)) continue;
    Route route;
    route.known = false;
    route.day_offset_ns = (rank.unix_ns - rank.clock_ns) - (reference.unix_ns - reference.clock_ns);
    routes_[rank.host_id] = route;
  }
}

int64_t Clocks::ToCommon(int32_t job_rank, int64_t ns) const {
  const Route& route = RouteOf(job_rank);
  for (const Hop& hop : route.hops) {
    if (!hop.reversed) {
      ns += Nearest(hop.readings, ns).ahead_ns;
      continue;
    }
    // The readings' times are by the clock that the hop leads to: the first guess is near enough to find them by.
    const int64_t there_ns = ns - hop.readings.front().ahead_ns;
    ns -= Nearest(hop.readings, there_ns).ahead_ns;
  }
  return ns + route.day_offset_ns;
}

int64_t Clocks::ErrorOf(int32_t job_rank) const {
  const Route& route = RouteOf(job_rank);
  return route.known ? route.error_ns : kUnknown;
}

}  // namespace tutti::report
