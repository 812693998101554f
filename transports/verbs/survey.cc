// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/survey.h"

#include <net/if.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "transports/verbs/device.h"
#include "transports/verbs/gid.h"

namespace tutti::verbs {
namespace {

const char* GidTypeName(uint32_t type) {
  switch (type) {
    case IBV_GID_TYPE_IB:
      return "InfiniBand";
    case IBV_GID_TYPE_ROCE_V1:
      return "RoCE v1";
    case IBV_GID_TYPE_ROCE_V2:
      return "RoCE v2";
    default:
      return "unknown";
  }
}

std::vector<GidReport> GidsOf(const FoundPort& found) {
  std::vector<GidReport> gids;
  if (found.context == nullptr) return gids;
  const int used = found.device.ok() ? (*found.device)->gid.index : -1;
  for (const ibv_gid_entry& entry : ListGids(found.context)) {
    if (entry.port_num != found.port_number) continue;
    GidReport gid;
    gid.index = static_cast<int>(entry.gid_index);
    gid.type = GidTypeName(entry.gid_type);
    gid.address = GidName(entry.gid);
    gid.is_used = gid.index == used;
    char name[IF_NAMESIZE] = "";
    if (entry.ndev_ifindex != 0 && ::if_indextoname(entry.ndev_ifindex, name) != nullptr) gid.interface = name;
    gids.push_back(std::move(gid));
  }
  return gids;
}

}  // namespace

const char* PortVerdictName(PortVerdict verdict) {
  switch (verdict) {
    case PortVerdict::kChosen:
      return "chosen";
    case PortVerdict::kUsable:
      return "usable";
    case PortVerdict::kUnusable:
      return "not usable";
    case PortVerdict::kLeftOut:
      return "left out";
  }
  return "?";
}

absl::StatusOr<std::vector<PortReport>> SurveyPorts(const PortOptions& options, size_t rails) {
  std::vector<PortReport> reports;
  std::vector<PortCandidate> candidates;
  std::vector<size_t> places;  // of the candidates among the reports
  const absl::Status status = VisitPorts(options, [&](FoundPort found) {
    PortReport report;
    report.name = found.name;
    report.numa_node = NumaNodeOfDevice(found.name.substr(0, found.name.rfind(':')));
    report.gids = GidsOf(found);
    if (found.device.ok()) {
      report.verdict = PortVerdict::kUsable;
      report.text = (*found.device)->Describe();
      candidates.push_back(CandidateOf(**found.device));
      report.has_address = candidates.back().has_address;
      places.push_back(reports.size());
    } else {
      report.verdict = absl::IsCancelled(found.device.status()) ? PortVerdict::kLeftOut : PortVerdict::kUnusable;
      report.text = std::string(found.device.status().message());
    }
    reports.push_back(std::move(report));
  });
  if (!status.ok()) return status;
  if (candidates.empty()) return reports;
  const size_t chosen = ChoosePort(candidates, options);
  reports[places[chosen]].verdict = PortVerdict::kChosen;
  const std::vector<size_t> used = ChooseRails(candidates, options, rails);
  for (size_t rail = 0; rail < used.size(); ++rail) reports[places[used[rail]]].rail = static_cast<int>(rail);
  for (size_t i = 0; i < candidates.size(); ++i) {
    reports[places[i]].reason = ReasonOf(candidates, options, chosen, i);
  }
  return reports;
}

}  // namespace tutti::verbs
