// SPDX-License-Identifier: Apache-2.0
// Which RDMA ports this host has, and for each whether it can be used, or why not. For people and for tests; it opens
// every device, so it is slow.
#ifndef TUTTI_TRANSPORTS_VERBS_SURVEY_H_
#define TUTTI_TRANSPORTS_VERBS_SURVEY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {

struct PortReport {
  std::string name;  // "mlx5_0:1"
  bool usable = false;
  std::string text;  // what it is (MTU, GID), or a sentence about what is wrong
};

// Goes down to making a queue pair: on some hosts everything before that works and that does not. An error: no list of
// devices at all, and why.
absl::StatusOr<std::vector<PortReport>> SurveyPorts(const PortOptions& options);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_SURVEY_H_
