// SPDX-License-Identifier: Apache-2.0
// The sentences with which a control plane says that a rank is gone, so that every implementation says them alike.
#ifndef TUTTI_LIB_BOOTSTRAP_FAILURE_SENTENCE_H_
#define TUTTI_LIB_BOOTSTRAP_FAILURE_SENTENCE_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace tutti {

// "rank 3 (host node7, pid 4242)"; the part in parentheses only as far as it is known (host not empty, pid > 0).
std::string DescribeRank(int rank, absl::string_view host, int64_t pid);

// who: from DescribeRank. how: what was observed ("its control connection was closed without a goodbye").
std::string DiedSentence(absl::string_view who, absl::string_view how);
std::string LeftSentence(absl::string_view who);

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_FAILURE_SENTENCE_H_
