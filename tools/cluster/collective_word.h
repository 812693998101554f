// SPDX-License-Identifier: Apache-2.0
// A collective's name on a command line.
#ifndef TUTTI_TOOLS_CLUSTER_COLLECTIVE_WORD_H_
#define TUTTI_TOOLS_CLUSTER_COLLECTIVE_WORD_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

#include "collectives/schedule/shape.h"

namespace tutti::cluster {

std::optional<Collective> CollectiveOf(absl::string_view name);
// "all_reduce, broadcast, ...".
std::string CollectiveNames();
// A sentence: what it is not, and what there is.
std::string NoCollective(absl::string_view name);

}  // namespace tutti::cluster

#endif  // TUTTI_TOOLS_CLUSTER_COLLECTIVE_WORD_H_
