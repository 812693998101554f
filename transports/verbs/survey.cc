// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/survey.h"

#include <utility>

#include "transports/verbs/device.h"

namespace tutti::verbs {

absl::StatusOr<std::vector<PortReport>> SurveyPorts(const PortOptions& options) {
  std::vector<PortReport> reports;
  const absl::Status status =
      VisitPorts(options, [&](absl::string_view name, absl::StatusOr<std::unique_ptr<Device>> device) {
        PortReport report;
        report.name = std::string(name);
        report.usable = device.ok();
        report.text = device.ok() ? (*device)->Describe() : std::string(device.status().message());
        reports.push_back(std::move(report));
      });
  if (!status.ok()) return status;
  return reports;
}

}  // namespace tutti::verbs
