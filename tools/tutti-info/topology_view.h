// SPDX-License-Identifier: Apache-2.0
// --topology: the machine, as text, JSON and drawing, and with -n the ranks of a job on it and the devices by which they would send.
#ifndef TUTTI_TOOLS_TUTTI_INFO_TOPOLOGY_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_TOPOLOGY_VIEW_H_

#include "lib/bootstrap/environment.h"
#include "tools/tutti-info/options.h"
#include "tools/tutti-info/view.h"

namespace tutti::info {

View TopologyView(const Options& options, const Environment& environment);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_TOPOLOGY_VIEW_H_
