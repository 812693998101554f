// SPDX-License-Identifier: Apache-2.0
// Topology and calibration files: JSON that says of a cluster what is known of it. All keys are optional; the README of
// tools/tutti-sim lists them. Both kinds of files have the same form: a calibration has measured costs, a topology says where
// ranks are and what is wrong there.
#ifndef TUTTI_TOOLS_CLUSTER_CLUSTER_FILE_H_
#define TUTTI_TOOLS_CLUSTER_CLUSTER_FILE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

#include "collectives/simulate/cluster.h"
#include "tools/cluster/json_reader.h"

namespace tutti::cluster {

// Changes what the text says. Files that it names are looked for in `folder`. InvalidArgument: what is wrong, and where in the
// text; *spec is then of no use.
absl::Status ReadCluster(absl::string_view text, const std::string& folder, simulate::ClusterSpec* spec);

// The same with a file; sentences begin with its name.
absl::Status ReadClusterFile(const std::string& path, simulate::ClusterSpec* spec);

// What several files say together, later ones over earlier ones; an empty name is no file.
absl::StatusOr<simulate::ClusterSpec> ReadClusterFiles(const std::vector<std::string>& paths);

// The costs as ReadCluster reads them.
Json CostsToJson(const simulate::Costs& costs);

}  // namespace tutti::cluster

#endif  // TUTTI_TOOLS_CLUSTER_CLUSTER_FILE_H_
