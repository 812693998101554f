// SPDX-License-Identifier: Apache-2.0
#include "tools/tutti-info/devices_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "lib/bootstrap/host_id.h"
#include "lib/bootstrap/locality.h"
#include "lib/bootstrap/settings.h"
#include "tools/tutti-info/job_network.h"
#include "transports/verbs/locked_memory.h"
#include "transports/verbs/retry_time.h"
#include "transports/verbs/survey.h"

namespace tutti::info {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kIndent[] = "    ";

std::string PortText(const verbs::PortReport& port) {
  std::string text = absl::StrCat(port.name, "  ", verbs::PortVerdictName(port.verdict));
  absl::StrAppend(&text, ": ", port.is_usable() ? port.reason : port.text, "\n");
  if (port.is_usable()) absl::StrAppend(&text, kIndent, port.text, "\n");
  if (port.rail > 0)
    absl::StrAppend(&text, kIndent, "used beside the chosen one, and in its place when that is lost\n");
  if (port.numa_node >= 0) absl::StrAppend(&text, kIndent, "attached to NUMA node ", port.numa_node, "\n");
  size_t width = 0;
  for (const verbs::GidReport& gid : port.gids) width = std::max(width, gid.address.size());
  for (const verbs::GidReport& gid : port.gids) {
    std::string line = absl::StrFormat("%sGID %-3d %-10s  %-*s  %s", kIndent, gid.index, gid.type,
                                       static_cast<int>(width), gid.address, gid.interface);
    if (gid.is_used) {
      absl::StrAppend(&line, port.rail >= 0 ? "  (used)" : "  (would be used)");
    }
    line.erase(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, line, "\n");
  }
  return text;
}

Json PortJson(const verbs::PortReport& port) {
  Json gids = Json::array();
  for (const verbs::GidReport& gid : port.gids) {
    gids.push_back({{"index", gid.index},
                    {"type", gid.type},
                    {"address", gid.address},
                    {"interface", gid.interface.empty() ? Json(nullptr) : Json(gid.interface)},
                    {"used", gid.is_used}});
  }
  return {{"name", port.name},
          {"verdict", verbs::PortVerdictName(port.verdict)},
          {"reason", port.is_usable() ? port.reason : port.text},
          {"description", port.is_usable() ? Json(port.text) : Json(nullptr)},
          {"rail", port.rail >= 0 ? Json(port.rail) : Json(nullptr)},
          {"numa_node", port.numa_node >= 0 ? Json(port.numa_node) : Json(nullptr)},
          {"gids", gids}};
}

std::string LockedMemoryText() {
  const uint64_t bytes = verbs::LockableBytes();
  if (bytes == verbs::kUnlimited) return "memory that may be locked: unlimited\n";
  const std::string warning = verbs::LockedMemoryWarning(bytes);
  return warning.empty() ? absl::StrCat("memory that may be locked: ", bytes >> 20, " MiB\n")
                         : absl::StrCat(warning, "; until then RDMA is used only if TUTTI_TRANSPORT names verbs\n");
}

std::string RetryText(const verbs::PortOptions& options, const verbs::RetryTime& time) {
  return absl::StrFormat(
      "a broken path is noticed after %.2f s, or up to %.2f s, as devices may take their time "
      "(TUTTI_VERBS_ACK_TIMEOUT %d, TUTTI_VERBS_RETRY_COUNT %d); a dead process at once\n",
      static_cast<double>(time.least_ns) / kNsPerSecond, static_cast<double>(time.most_ns) / kNsPerSecond,
      options.ack_timeout, options.retry_count);
}

}  // namespace

View DevicesView(const Environment& environment) {
  View view;
  const absl::StatusOr<JobSettings> settings = ResolveSettings({}, environment);
  if (!settings.ok()) {
    view.error = std::string(settings.status().message());
    return view;
  }
  const absl::StatusOr<Locality> locality = FindLocality(*settings, HostName());
  if (!locality.ok()) {
    view.error = std::string(locality.status().message());
    return view;
  }
  const verbs::PortOptions options = PortOptionsOf(*settings);
  const auto ports = verbs::SurveyPorts(options, static_cast<size_t>(settings->verbs.rails));
  view.json["job_address"] = options.address.empty() ? Json(nullptr) : Json(options.address);
  const bool is_placed = !locality->path.empty();
  view.json["locality"] = is_placed ? Json{{"path", locality->path}, {"origin", locality->origin}} : Json(nullptr);
  view.json["used_by_jobs"] = settings->use_verbs;
  view.json["ports"] = Json::array();
  if (!ports.ok()) {
    view.text = absl::StrCat(ports.status().message(), "\n");
    view.json["why_none"] = std::string(ports.status().message());
  } else if (ports->empty()) {
    view.text = "this host has no RDMA device\n";
    view.json["why_none"] = "this host has no RDMA device";
  } else {
    absl::StrAppend(&view.text, "RDMA ports, as seen by a job whose address here is ",
                    options.address.empty() ? "not known" : options.address, " (TUTTI_INTERFACE):\n\n");
    for (const verbs::PortReport& port : *ports) {
      absl::StrAppend(&view.text, PortText(port), "\n");
      view.json["ports"].push_back(PortJson(port));
    }
  }
  if (!settings->use_verbs)
    absl::StrAppend(&view.text, "jobs do not use RDMA, as TUTTI_TRANSPORT does not name verbs\n");
  const verbs::RetryTime time = verbs::RetryTimeOf(options);
  absl::StrAppend(&view.text, is_placed ? absl::StrCat("this host is in ", locality->path, ": ", locality->origin, "\n")
                                        : "nobody says in which rack or pod this host is (TUTTI_LOCALITY)\n");
  absl::StrAppend(&view.text, LockedMemoryText(), RetryText(options, time));
  const uint64_t lockable = verbs::LockableBytes();
  view.json["lockable_bytes"] = lockable == verbs::kUnlimited ? Json(nullptr) : Json(lockable);
  view.json["broken_path_noticed_ns"] = {{"least", time.least_ns}, {"most", time.most_ns}};
  return view;
}

}  // namespace tutti::info
