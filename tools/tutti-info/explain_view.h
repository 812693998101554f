// SPDX-License-Identifier: Apache-2.0
// --explain and --table: which algorithm a call uses and why, what each candidate is predicted to take, and a table of the ones
// that are predicted to have the shortest tail.
#ifndef TUTTI_TOOLS_TUTTI_INFO_EXPLAIN_VIEW_H_
#define TUTTI_TOOLS_TUTTI_INFO_EXPLAIN_VIEW_H_

#include <string>
#include <vector>

#include "lib/bootstrap/environment.h"
#include "tools/tutti-info/options.h"
#include "tools/tutti-info/view.h"

namespace tutti::info {

View ExplainView(const Options& options, const Environment& environment);

// A file for TUTTI_ALGORITHM_TABLE, for options.ranks. Sizes are served by the candidate with the shortest predicted p99 (or
// p50); one that is not better by kBetter than the one for the size before does not displace it.
inline constexpr double kBetter = 0.05;
View TableView(const Options& options);

}  // namespace tutti::info

#endif  // TUTTI_TOOLS_TUTTI_INFO_EXPLAIN_VIEW_H_
