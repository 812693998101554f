// SPDX-License-Identifier: Apache-2.0
// Lists of ranks as people write them.
#ifndef TUTTI_LIB_BOOTSTRAP_RANK_RANGES_H_
#define TUTTI_LIB_BOOTSTRAP_RANK_RANGES_H_

#include <string>

#include "absl/types/span.h"

namespace tutti {

// {3, 7, 8, 9} -> "ranks 3, 7-9"; {3} -> "rank 3"; {} -> "no rank". `ranks` ascending, without repetition. After
// `max_ranges` ranges the rest is counted: "ranks 1, 3, 5 and 12 more".
std::string DescribeRanks(absl::Span<const int> ranks, int max_ranges = 16);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_RANK_RANGES_H_
