// SPDX-License-Identifier: Apache-2.0
// The traffic of a collective, told: text for people, JSON for programs, and a drawing.
#ifndef TUTTI_TOOLS_TRAFFIC_REPORT_H_
#define TUTTI_TOOLS_TRAFFIC_REPORT_H_

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "tools/traffic/strands.h"
#include "tools/traffic/traffic.h"

namespace tutti::traffic {

// So many ranks are drawn and listed one by one; of more, hosts are, then racks, then pods.
inline constexpr int kMostUnits = 64;

struct Report {
  std::string collective;
  uint64_t bytes = 0;
  std::string algorithm;
  int root = 0;
  Traffic traffic;
  std::vector<Strand> strands;  // where the flows are between ranks; may be empty
};

// "all_reduce, 1 MiB, 16 ranks on 4 hosts in 2 racks: ring".
std::string TitleOf(const Report& report, const simulate::Cluster& cluster);

// What crosses which borders, then the rings or trees that the messages make, or who sends to whom.
std::string TrafficText(const Report& report, const simulate::Cluster& cluster);

nlohmann::ordered_json TrafficJson(const Report& report, const simulate::Cluster& cluster);

// Why units are neither listed nor drawn: a sentence, if those that are few enough are one alone, or there are none.
// Else "".
std::string WhyNotDrawn(const Report& report, const simulate::Cluster& cluster);

// Pods, racks, hosts and ranks as boxes in boxes, in a row; an arc for what one sends another: above the row to higher
// numbers, below it to lower ones.
std::string TrafficSvg(const Report& report, const simulate::Cluster& cluster);

// "inside a host", "between hosts of a rack", ...: what a message crosses.
std::string CrossingText(simulate::PathClass path);

}  // namespace tutti::traffic

#endif  // TUTTI_TOOLS_TRAFFIC_REPORT_H_
