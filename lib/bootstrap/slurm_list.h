// SPDX-License-Identifier: Apache-2.0
// The compressed lists that Slurm puts into environment variables and files.
#ifndef TUTTI_LIB_BOOTSTRAP_SLURM_LIST_H_
#define TUTTI_LIB_BOOTSTRAP_SLURM_LIST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace tutti {

// "node[003-010,012],gpu7" -> "node003"; several brackets in a name are understood. Nothing if the list is malformed.
std::optional<std::string> FirstSlurmHost(absl::string_view host_list);

// "4(x2),3" means 4, 4 and 3 tasks on nodes 0, 1 and 2. Nothing if the list is malformed or has no such node.
std::optional<int> SlurmTasksOnNode(absl::string_view task_list, int node_index);

// A list of names, without making one of each: "rack[1-2],node[003-010,012]x[0-3]".
class SlurmNames {
 public:
  // InvalidArgument: a phrase that quotes the spot, like "a \"[\" is not closed in \"node[1-4\"".
  static absl::StatusOr<SlurmNames> Parse(absl::string_view list);

  bool Has(absl::string_view name) const;

 private:
  struct Range {
    uint64_t first = 0;
    uint64_t last = 0;
    size_t digits = 0;  // at least; zeros are put before
  };
  struct Part {
    std::string text;           // as it is, if there are no ranges
    std::vector<Range> ranges;  // else a number out of one of these
  };
  using Name = std::vector<Part>;

  static absl::StatusOr<Name> ParseName(absl::string_view text);
  static absl::StatusOr<Range> ParseRange(absl::string_view text);
  static bool Matches(absl::string_view name, const Name& pattern, size_t part);

  std::vector<Name> names_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SLURM_LIST_H_
