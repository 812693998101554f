// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/failure_sentence.h"

#include "absl/strings/str_cat.h"

namespace tutti {

std::string DescribeRank(int rank, absl::string_view host, int64_t pid) {
  if (host.empty() && pid <= 0) return absl::StrCat("rank ", rank);
  if (pid <= 0) return absl::StrCat("rank ", rank, " (host ", host, ")");
  if (host.empty()) return absl::StrCat("rank ", rank, " (pid ", pid, ")");
  return absl::StrCat("rank ", rank, " (host ", host, ", pid ", pid, ")");
}

std::string DiedSentence(absl::string_view who, absl::string_view how) {
  return absl::StrCat(who, " died: ", how, "; the cause is in that process's own output");
}

std::string LeftSentence(absl::string_view who) { return absl::StrCat(who, " left the job in good order"); }

}  // namespace tutti
