// SPDX-License-Identifier: Apache-2.0
// --live on a terminal: the same text, once a second, in one place, until Ctrl-C.
#ifndef TUTTI_TOOLS_TUTTI_INFO_LIVE_SCREEN_H_
#define TUTTI_TOOLS_TUTTI_INFO_LIVE_SCREEN_H_

#include "lib/bootstrap/environment.h"
#include "tools/tutti-info/live_view.h"

namespace tutti::info {

// Returns the exit status when the user ends it.
int ShowLiveScreen(const LiveOptions& options, const Environment& environment);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_LIVE_SCREEN_H_
