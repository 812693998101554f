// SPDX-License-Identifier: Apache-2.0
// --env: every knob, the value in force for a rank started like this process, and where it came from.
#ifndef TUTTI_TOOLS_TUTTI_INFO_ENVIRONMENT_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_ENVIRONMENT_VIEW_H_

#include "lib/bootstrap/environment.h"
#include "tools/tutti-info/view.h"

namespace tutti::info {

// Secrets are never shown.
View EnvironmentView(const Environment& environment);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_ENVIRONMENT_VIEW_H_
