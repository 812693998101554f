// SPDX-License-Identifier: Apache-2.0
#include "lib/base/checks.h"

#include <cstdlib>

#include "lib/base/log.h"

namespace tutti::internal {

void CheckFailed(const char* file, int line, const char* condition, absl::string_view sentence) {
  Log(LogLevel::kError,
      absl::StrCat("defect in tutti at ", file, ":", line, ": ", sentence, " (expected ", condition, ")"));
  std::abort();
}

}  // namespace tutti::internal
