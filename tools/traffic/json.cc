// SPDX-License-Identifier: Apache-2.0
#include "tools/traffic/pattern.h"
#include "tools/traffic/report.h"

namespace tutti::traffic {
namespace {

using Json = nlohmann::ordered_json;

Json AmountJson(const Amount& amount) { return {{"bytes", amount.bytes}, {"messages", amount.messages}}; }

Json TreeJson(const Tree& tree) {
  Json json = {{"unit", tree.unit}, {"children", Json::array()}};
  for (const Tree& child : tree.children) json["children"].push_back(TreeJson(child));
  return json;
}

const char* PatternName(PatternKind kind) {
  switch (kind) {
    case PatternKind::kOther:
      return "other";
    case PatternKind::kRings:
      return "rings";
    case PatternKind::kTreesDown:
      return "trees_down";
    case PatternKind::kTreesUp:
      return "trees_up";
    case PatternKind::kTreesBoth:
      return "trees_both";
  }
  return "other";
}

Json PatternJson(const Pattern& pattern) {
  Json json = {{"kind", PatternName(pattern.kind)}, {"rings", pattern.rings}, {"trees", Json::array()}};
  for (const Tree& tree : pattern.trees) json["trees"].push_back(TreeJson(tree));
  return json;
}

}  // namespace

Json TrafficJson(const Report& report, const simulate::Cluster& cluster) {
  const Traffic& traffic = report.traffic;
  Json json = {{"collective", report.collective},
               {"bytes", report.bytes},
               {"ranks", cluster.num_ranks()},
               {"algorithm", report.algorithm}};
  json["crossings"] = Json::object();
  for (size_t path = 0; path < simulate::kNumPathClasses; ++path) {
    json["crossings"][simulate::PathClassName(static_cast<simulate::PathClass>(path))] =
        AmountJson(traffic.by_path[path]);
  }
  for (const Unit unit : {Unit::kHost, Unit::kRack, Unit::kPod}) {
    Json& places = json[std::string(UnitName(unit)) + "s"] = Json::array();
    for (const Border& border : traffic.borders[static_cast<size_t>(unit)]) {
      places.push_back({{"out", AmountJson(border.out)}, {"in", AmountJson(border.in)}});
    }
  }
  Json& host_of = json["host_of_rank"] = Json::array();
  for (int rank = 0; rank < cluster.num_ranks(); ++rank) host_of.push_back(cluster.HostOf(rank));
  json["between"] = std::string(UnitName(traffic.unit)) + "s";
  json["flows"] = Json::array();
  for (const Flow& flow : traffic.flows) {
    json["flows"].push_back({{"from", flow.from},
                             {"to", flow.to},
                             {"bytes", flow.amount.bytes},
                             {"messages", flow.amount.messages},
                             {"path", simulate::PathClassName(flow.path)}});
  }
  json["pattern"] =
      PatternJson(PatternOf(traffic.flows, traffic.num_units, traffic.unit == Unit::kRank ? report.root : 0));
  json["strands"] = Json::array();
  for (const Strand& strand : report.strands) {
    json["strands"].push_back(
        {{"first_byte", strand.first_byte}, {"end_byte", strand.end_byte}, {"pattern", PatternJson(strand.pattern)}});
  }
  return json;
}

}  // namespace tutti::traffic
