// SPDX-License-Identifier: Apache-2.0
// Which RDMA ports this host has, which of them a rank would use, and why not the others. For people and for tests; it
// opens every device, so it is slow.
#ifndef TUTTI_TRANSPORTS_VERBS_SURVEY_H_
#define TUTTI_TRANSPORTS_VERBS_SURVEY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {

enum class PortVerdict {
  kChosen,    // a rank with these options uses it
  kUsable,    // it would do, but another one is better, or as good and first
  kUnusable,  // something is wrong with it
  kLeftOut,   // the options do not allow it; it was not tried
};

struct GidReport {
  int index = 0;
  std::string type;       // "RoCE v2", "RoCE v1", "InfiniBand"
  std::string address;    // "::ffff:10.0.0.1"
  std::string interface;  // the network interface it belongs to, "" if there is none
  bool is_used = false;   // by a rank that uses the port
};

struct PortReport {
  std::string name;  // "mlx5_0:1"
  PortVerdict verdict = PortVerdict::kUnusable;
  std::string text;             // what it is (MTU, GID), or a sentence about what is wrong
  std::string reason;           // why it was chosen, or not, if it is usable
  bool has_address = false;     // the job's
  int numa_node = -1;           // where it is attached, -1: not known
  std::vector<GidReport> gids;  // its addresses, by index

  int rail = -1;  // place among the ports that a rank uses together, the chosen one 0; -1: not one of them

  bool is_usable() const { return verdict == PortVerdict::kChosen || verdict == PortVerdict::kUsable; }
};

// "chosen", "usable", "not usable", "left out"
const char* PortVerdictName(PortVerdict verdict);

// Goes down to making a queue pair: on some hosts everything before that works and that does not. An error: no list of
// devices at all, and why.
// `rails`: how many ports a rank uses together.
absl::StatusOr<std::vector<PortReport>> SurveyPorts(const PortOptions& options, size_t rails = 1);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_SURVEY_H_
