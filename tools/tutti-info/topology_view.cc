// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/topology_view.h"

#include <fstream>

#include "absl/strings/str_cat.h"

#include "tools/topology/machine.h"

namespace tutti::info {
namespace {

using Json = nlohmann::ordered_json;
using topology::Place;
using topology::PlaceKind;

Json PlaceJson(const Place& place) {
  Json json = {{"kind", topology::PlaceKindName(place.kind)}};
  if (!place.name.empty()) json["name"] = place.name;
  if (place.kind != PlaceKind::kDevice) {
    json["index"] = place.index;
    json["cpus"] = place.cpus;
    json["allowed_cpus"] = place.allowed;
  }
  if (place.kind == PlaceKind::kCache) json["level"] = place.cache_level;
  if (place.kind == PlaceKind::kCache || place.kind == PlaceKind::kNumaNode) json["bytes"] = place.bytes;
  if (place.parts.empty()) return json;
  json["parts"] = Json::array();
  for (const Place& part : place.parts) json["parts"].push_back(PlaceJson(part));
  return json;
}

}  // namespace

View TopologyView(const std::string& svg_file) {
  View view;
  const absl::StatusOr<Place> machine = topology::ReadMachine(topology::Devices::kAll);
  if (!machine.ok()) {
    view.error = std::string(machine.status().message());
    return view;
  }
  if (!svg_file.empty()) {
    std::ofstream file(svg_file);
    file << topology::DrawSvg(*machine) << std::flush;
    if (!file) {
      view.error = absl::StrCat(svg_file, " cannot be written");
      return view;
    }
  }
  view.text = topology::DrawText(*machine);
  view.json = PlaceJson(*machine);
  return view;
}

}  // namespace tutti::info
