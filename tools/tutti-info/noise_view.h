// SPDX-License-Identifier: Apache-2.0
// --noise: how evenly the cores run that this process may use, and what to do about it.
#ifndef TUTTI_TOOLS_TUTTI_INFO_NOISE_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_NOISE_VIEW_H_

#include <cstdint>

#include "tools/tutti-info/view.h"

namespace tutti::info {

// Computes on all of them for duration_ns.
View NoiseView(int64_t duration_ns);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_NOISE_VIEW_H_
