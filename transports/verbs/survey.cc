// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/survey.h"

#include <net/if.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "transports/verbs/device.h"
#include "transports/verbs/gid.h"

namespace tutti::verbs {
namespace {

// The first word of a file of the kernel's; "" if there is none.
std::string Fact(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

int NumaNode(const std::string& device) {
  const std::string text = Fact(absl::StrCat("/sys/class/infiniband/", device, "/device/numa_node"));
  return text.empty() ? -1 : std::atoi(text.c_str());
}

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

// The job's address decides, then the order in which the devices are found.
void GiveReasons(const PortOptions& options, const std::vector<bool>& has_address, size_t chosen,
                 std::vector<PortReport>* reports) {
  for (size_t i = 0; i < reports->size(); ++i) {
    PortReport& report = (*reports)[i];
    if (!report.is_usable()) continue;
    if (i == chosen) {
      report.reason = has_address[i] ? absl::StrCat("it has the job's address, ", options.address)
                                     : "it is the first that is usable, and none has the job's address";
    } else {
      report.reason = absl::StrCat((*reports)[chosen].name, has_address[chosen] && !has_address[i]
                                                                ? " has the job's address, which this one has not"
                                                                : " is as good, and comes first");
    }
  }
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

absl::StatusOr<std::vector<PortReport>> SurveyPorts(const PortOptions& options) {
  std::vector<PortReport> reports;
  std::vector<bool> has_address;
  std::unique_ptr<Device> best;
  size_t chosen = 0;
  const absl::Status status = VisitPorts(options, [&](FoundPort found) {
    PortReport report;
    report.name = found.name;
    report.numa_node = NumaNode(found.name.substr(0, found.name.rfind(':')));
    report.gids = GidsOf(found);
    has_address.push_back(found.device.ok() && (*found.device)->gid.is_wanted_address);
    if (found.device.ok()) {
      report.verdict = PortVerdict::kUsable;
      report.text = (*found.device)->Describe();
      if (IsBetter(**found.device, best.get())) {
        best = *std::move(found.device);
        chosen = reports.size();
      }
    } else {
      report.verdict = absl::IsCancelled(found.device.status()) ? PortVerdict::kLeftOut : PortVerdict::kUnusable;
      report.text = std::string(found.device.status().message());
    }
    reports.push_back(std::move(report));
  });
  if (!status.ok()) return status;
  if (best != nullptr) {
    reports[chosen].verdict = PortVerdict::kChosen;
    GiveReasons(options, has_address, chosen, &reports);
  }
  return reports;
}

}  // namespace tutti::verbs
