// SPDX-License-Identifier: Apache-2.0
#include "tools/placement/rails.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tutti::placement {
namespace {

void AddPorts(const topology::Place& place, absl::string_view devices, std::vector<verbs::PortCandidate>* ports) {
  for (const int port : place.ports) {
    if (!verbs::IsPortAllowed(devices, place.name, port)) continue;
    ports->push_back({absl::StrCat(place.name, ":", port), false, place.near_node});
  }
  for (const topology::Place& part : place.parts) AddPorts(part, devices, ports);
}

}  // namespace

std::vector<verbs::PortCandidate> PortsOf(const topology::Place& machine, absl::string_view devices) {
  std::vector<verbs::PortCandidate> ports;
  AddPorts(machine, devices, &ports);
  std::sort(ports.begin(), ports.end(), [](const auto& a, const auto& b) {
    return a.name.size() != b.name.size() ? a.name.size() < b.name.size() : a.name < b.name;  // mlx5_9 before mlx5_10
  });
  return ports;
}

void GiveRails(const std::vector<verbs::PortCandidate>& ports, const verbs::PortOptions& options, size_t rails,
               std::vector<topology::LocalRank>* ranks) {
  if (ports.empty()) return;
  for (topology::LocalRank& rank : *ranks) {
    verbs::PortOptions own = options;
    own.local_rank = rank.rank;
    own.local_size = static_cast<int>(ranks->size());
    own.numa_node = rank.node;
    const std::vector<size_t> chosen = verbs::ChooseRails(ports, own, rails);
    rank.rails.clear();
    for (const size_t place : chosen) rank.rails.push_back(ports[place].name);
    rank.reason = verbs::ReasonOf(ports, own, chosen[0], chosen[0]);
  }
}

}  // namespace tutti::placement
