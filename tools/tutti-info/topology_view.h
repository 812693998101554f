// SPDX-License-Identifier: Apache-2.0
// --topology: this machine as hwloc sees it, with what this process may use of it.
#ifndef TUTTI_TOOLS_TUTTI_INFO_TOPOLOGY_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_TOPOLOGY_VIEW_H_

#include <string>

#include "tools/tutti-info/view.h"

namespace tutti::info {

// Also draws it to the file, if one is given.
View TopologyView(const std::string& svg_file);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_TOPOLOGY_VIEW_H_
