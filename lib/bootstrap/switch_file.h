// SPDX-License-Identifier: Apache-2.0
// Which hosts share a switch, out of a file in the form of Slurm's topology.conf:
//
//   SwitchName=rack1 Nodes=node[1-8]
//   SwitchName=rack2 Nodes=node[9-16] LinkSpeed=100     # keys that say nothing of this are passed over
//   SwitchName=spine Switches=rack[1-2]
//
// Keys in any case; "\" at its end continues a line. It reads no file, and knows nothing of this host.
#ifndef TUTTI_LIB_BOOTSTRAP_SWITCH_FILE_H_
#define TUTTI_LIB_BOOTSTRAP_SWITCH_FILE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "lib/bootstrap/slurm_list.h"

namespace tutti {

class SwitchFile {
 public:
  // `path` is for sentences only. InvalidArgument: file, line, and what is wrong there.
  static absl::StatusOr<SwitchFile> Parse(absl::string_view text, absl::string_view path);

  // The names of the switches above the host, from the widest to its own. NotFound: it is in no line. InvalidArgument: a
  // switch is above itself.
  absl::StatusOr<std::vector<std::string>> SwitchesOf(absl::string_view host) const;

 private:
  struct Switch {
    std::string name;
    int line = 0;
    std::optional<SlurmNames> nodes;
    std::optional<SlurmNames> switches;
  };

  static absl::StatusOr<std::optional<Switch>> ParseLine(absl::string_view line);
  // The first line that has it; nullptr: none.
  const Switch* Above(absl::string_view name, bool is_switch) const;

  std::string path_;
  std::vector<Switch> switches_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SWITCH_FILE_H_
