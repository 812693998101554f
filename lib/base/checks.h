// SPDX-License-Identifier: Apache-2.0
// Checks of what only a defect of tutti itself can break. They are for invariants, never for input: what comes from a
// caller, the environment, a file or the wire is checked in every build and answered with an error.
//
//   TUTTI_DCHECK(index < size_, "slot ", index, " of ", size_);
//
// Debug builds write the sentence and abort. Release builds do not evaluate anything.
#ifndef TUTTI_LIB_BASE_CHECKS_H_
#define TUTTI_LIB_BASE_CHECKS_H_

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tutti::internal {

// Writes one line to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, absl::string_view sentence);

}  // namespace tutti::internal

#if !defined(NDEBUG)
#define TUTTI_DCHECK_ENABLED 1
#else
#define TUTTI_DCHECK_ENABLED 0
#endif

// The arguments after the condition are those of absl::StrCat. The condition is compiled in every build, so that it
// cannot rot, and so that a variable that only a check uses is no unused variable.
#define TUTTI_DCHECK(condition, ...)                                                               \
  do {                                                                                             \
    if (TUTTI_DCHECK_ENABLED && !(condition)) {                                                    \
      ::tutti::internal::CheckFailed(__FILE__, __LINE__, #condition, ::absl::StrCat(__VA_ARGS__)); \
    }                                                                                              \
  } while (false)

#endif  // TUTTI_LIB_BASE_CHECKS_H_
