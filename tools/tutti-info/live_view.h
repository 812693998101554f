// SPDX-License-Identifier: Apache-2.0
// --live: what the ranks of this host are in, for how long, and whom they wait for; those that died with their last step.
#ifndef TUTTI_TOOLS_TUTTI_INFO_LIVE_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_LIVE_VIEW_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lib/bootstrap/environment.h"
#include "tools/tutti-info/view.h"

namespace tutti::info {

struct LiveOptions {
  std::string job;     // see TakeSnapshot
  int last = 0;        // so many of the last operations of each rank, too
  bool clean = false;  // remove the records of the dead first
  size_t columns = 0;  // see LiveText
};

// Where records may lie: what TUTTI_RECORDER says, else the user's own folders. InvalidArgument: a variable is wrong.
absl::StatusOr<std::vector<std::string>> LiveFolders(const Environment& environment);

View LiveView(const LiveOptions& options, const Environment& environment);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_LIVE_VIEW_H_
