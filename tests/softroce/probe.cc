// SPDX-License-Identifier: Apache-2.0
// Says of each RDMA port of this host whether it can be used. Exits with 0 if one can, with 1 if none can.
#include <cstdio>

#include "transports/verbs/survey.h"

int main() {
  const auto reports = tutti::verbs::SurveyPorts({});
  if (!reports.ok()) {
    std::printf("%s\n", std::string(reports.status().message()).c_str());
    return 1;
  }
  bool found = false;
  for (const tutti::verbs::PortReport& report : *reports) {
    std::printf("%s: %s: %s\n", report.name.c_str(), report.is_usable() ? "usable" : "not usable", report.text.c_str());
    found |= report.is_usable();
  }
  if (reports->empty()) std::printf("this host has no RDMA device\n");
  return found ? 0 : 1;
}
