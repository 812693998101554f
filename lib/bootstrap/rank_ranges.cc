// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/rank_ranges.h"

#include "absl/strings/str_cat.h"

namespace tutti {

std::string DescribeRanks(absl::Span<const int> ranks, int max_ranges) {
  if (ranks.empty()) return "no rank";
  if (ranks.size() == 1) return absl::StrCat("rank ", ranks[0]);
  std::string out = "ranks ";
  int ranges = 0;
  for (size_t begin = 0; begin < ranks.size(); ++ranges) {
    if (ranges == max_ranges) return absl::StrCat(out, " and ", ranks.size() - begin, " more");
    size_t end = begin + 1;
    while (end < ranks.size() && ranks[end] == ranks[end - 1] + 1) ++end;
    absl::StrAppend(&out, begin == 0 ? "" : ", ", ranks[begin]);
    if (end - begin > 1) absl::StrAppend(&out, end - begin > 2 ? "-" : ", ", ranks[end - 1]);
    begin = end;
  }
  return out;
}

}  // namespace tutti
