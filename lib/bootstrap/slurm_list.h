// SPDX-License-Identifier: Apache-2.0
// The two compressed lists that Slurm puts into environment variables.
#ifndef TUTTI_LIB_BOOTSTRAP_SLURM_LIST_H_
#define TUTTI_LIB_BOOTSTRAP_SLURM_LIST_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// "node[003-010,012],gpu7" -> "node003"; several brackets in a name are understood. Nothing if the list is malformed.
std::optional<std::string> FirstSlurmHost(absl::string_view host_list);

// "4(x2),3" means 4, 4 and 3 tasks on nodes 0, 1 and 2. Nothing if the list is malformed or has no such node.
std::optional<int> SlurmTasksOnNode(absl::string_view task_list, int node_index);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SLURM_LIST_H_
