// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/topology_view.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "lib/bootstrap/settings.h"
#include "tools/drawing/words.h"
#include "tools/placement/rails.h"
#include "tools/topology/draw.h"
#include "tools/topology/machine.h"
#include "tools/tutti-info/job_network.h"
#include "tools/tutti-info/write_file.h"
#include "transports/verbs/survey.h"

namespace tutti::info {
namespace {

using Json = nlohmann::ordered_json;
using topology::LocalRank;
using topology::Place;
using topology::PlaceKind;

Json PlaceJson(const Place& place) {
  Json json = {{"kind", topology::PlaceKindName(place.kind)}};
  if (!place.name.empty()) json["name"] = place.name;
  if (place.kind != PlaceKind::kDevice) {
    json["index"] = place.index;
    json["cpus"] = place.cpus;
    json["allowed_cpus"] = place.allowed;
  } else {
    json["rdma"] = place.is_rdma;
    json["numa_node"] = place.near_node >= 0 ? Json(place.near_node) : Json(nullptr);
  }
  if (place.kind == PlaceKind::kCache) json["level"] = place.cache_level;
  if (place.kind == PlaceKind::kCache || place.kind == PlaceKind::kNumaNode) json["bytes"] = place.bytes;
  if (place.parts.empty()) return json;
  json["parts"] = Json::array();
  for (const Place& part : place.parts) json["parts"].push_back(PlaceJson(part));
  return json;
}

// The ports that a rank here could use, tried like a rank tries them.
std::vector<verbs::PortCandidate> UsablePorts(const verbs::PortOptions& options) {
  std::vector<verbs::PortCandidate> ports;
  const absl::StatusOr<std::vector<verbs::PortReport>> reports = verbs::SurveyPorts(options);
  if (!reports.ok()) return ports;  // --devices says why there are none
  for (const verbs::PortReport& report : *reports) {
    if (report.is_usable()) ports.push_back({report.name, report.has_address, report.numa_node});
  }
  return ports;
}

// Gives the ranks their rails, and says by what they send to other hosts.
std::string FindRails(const Place& machine, const JobSettings& settings, std::vector<LocalRank>* ranks) {
  const bool described = machine.is_described;
  verbs::PortOptions options = PortOptionsOf(settings);
  if (described) options.address = "";
  std::vector<verbs::PortCandidate> ports;
  if (settings.use_verbs) ports = described ? placement::PortsOf(machine, options.devices) : UsablePorts(options);
  if (!ports.empty()) {
    placement::GiveRails(ports, options, static_cast<size_t>(settings.verbs.rails), ranks);
    return absl::StrCat(
        "by RDMA: a port with the job's address goes first, then one of the rank's NUMA\n"
        "  node, and among equals they take turns by local rank",
        described ? " (the description knows no addresses, and\n  each active port is taken to be usable)" : "");
  }
  if (described) return "by TCP, over the interface that TUTTI_INTERFACE or the default route says";
  const LikelyNetwork network = LikelyNetworkOf(settings);
  if (network.interface.empty()) return "not at all: this machine has no network";
  for (LocalRank& rank : *ranks) {
    rank.rails = {network.interface};
    rank.reason = absl::StrCat("it has the address of a job between hosts, ", network.address);
  }
  return absl::StrCat("by TCP, address ", network.address);
}

std::string HowBound(const Options& options) {
  return absl::StrCat(drawing::CountText(static_cast<uint64_t>(options.ranks.front()), "rank"),
                      options.bound
                          ? ", each bound to an equal part of the cores (by another launcher: tutti-run binds none)"
                          : ", bound to no core, as tutti-run starts them");
}

// Where binding would make a difference, but nobody binds.
std::string Advice(const Place& machine, const std::vector<LocalRank>& ranks) {
  const bool is_far = !ranks.empty() && ranks[0].node < 0 && topology::ShareAllCpus(ranks) && !ranks[0].rails.empty();
  if (!is_far || topology::NodeOf(machine, {machine.cpus.front()}) < 0) return "";
  return "  A rank that may run on several NUMA nodes is near to no device. Bound to cores of one (srun --cpu-bind, "
         "mpirun\n"
         "  --bind-to, numactl), it takes a port of its own node: --bound shows that.\n";
}

Json RankJson(const Place& machine, const LocalRank& rank) {
  const int package = topology::PackageOf(machine, rank.cpus);
  return {{"rank", rank.rank},
          {"cpus", rank.cpus},
          {"package", package >= 0 ? Json(package) : Json(nullptr)},
          {"numa_node", rank.node >= 0 ? Json(rank.node) : Json(nullptr)},
          {"rails", rank.rails},
          {"why", rank.reason.empty() ? Json(nullptr) : Json(rank.reason)}};
}

}  // namespace

View TopologyView(const Options& options, const Environment& environment) {
  const absl::StatusOr<Place> machine = topology::ReadMachine(topology::Devices::kAll);
  if (!machine.ok()) return ViewError(machine.status().message());
  View view;
  view.text = topology::DrawText(*machine);
  view.json = PlaceJson(*machine);
  std::vector<LocalRank> ranks;
  std::string title;
  if (options.ranks_are_given) {
    const absl::StatusOr<JobSettings> settings = ResolveSettings({}, environment);
    if (!settings.ok()) return ViewError(settings.status().message());
    const int count = options.ranks.front();
    ranks = options.bound ? topology::RanksInEqualParts(*machine, count) : topology::UnboundRanks(*machine, count);
    title = HowBound(options);
    const std::string by = FindRails(*machine, *settings, &ranks);
    absl::StrAppend(&view.text, "\n", title, ":\n", topology::RanksText(*machine, ranks), "  To other hosts they send ",
                    by, ".\n", Advice(*machine, ranks));
    view.json["ranks"] = Json::array();
    for (const LocalRank& rank : ranks) view.json["ranks"].push_back(RankJson(*machine, rank));
  }
  if (!options.svg_file.empty()) {
    view.error = WriteFile(options.svg_file, topology::DrawSvg(*machine, ranks, title));
    if (!view.error.empty()) view.text = "";
  }
  return view;
}

}  // namespace tutti::info
