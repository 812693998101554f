// SPDX-License-Identifier: Apache-2.0
// --topology COLLECTIVE SIZE: what a call of it sends on a cluster, between which ranks and across which borders.
#ifndef TUTTI_TOOLS_TUTTI_INFO_TRAFFIC_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_TRAFFIC_VIEW_H_

#include "lib/bootstrap/environment.h"
#include "tools/tutti-info/options.h"
#include "tools/tutti-info/view.h"

namespace tutti::info {

View TrafficView(const Options& options, const Environment& environment);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_TRAFFIC_VIEW_H_
