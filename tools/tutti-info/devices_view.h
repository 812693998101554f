// SPDX-License-Identifier: Apache-2.0
// --devices: the RDMA ports of this host, which of them a rank started like this process would use, and why not the others.
#ifndef TUTTI_TOOLS_TUTTI_INFO_DEVICES_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_DEVICES_VIEW_H_

#include "lib/bootstrap/environment.h"
#include "tools/tutti-info/view.h"

namespace tutti::info {

View DevicesView(const Environment& environment);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_DEVICES_VIEW_H_
