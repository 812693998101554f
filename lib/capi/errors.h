// SPDX-License-Identifier: Apache-2.0
// What crosses the boundary when a call fails: a status, a sentence for the calling thread, and never an exception.
#ifndef TUTTI_LIB_CAPI_ERRORS_H_
#define TUTTI_LIB_CAPI_ERRORS_H_

#include <exception>
#include <new>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

#include "lib/comm/communicator.h"
#include "tutti/status.h"

namespace tutti {

// Remembers the sentence for tutti_last_error on this thread; returns the status, so that a call can end with it.
tutti_status_t Failed(tutti_status_t status, absl::string_view sentence) noexcept;

// The function's name, and what is wrong with an argument. Apart from the caller, which is on the data path and goes on as a rule.
template <typename... Parts>
[[gnu::cold, gnu::noinline]] tutti_status_t Invalid(const char* function, const Parts&... parts) {
  return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(function, ": ", parts...));
}

// The failure of a communicator, with its sentence.
tutti_status_t FailedWith(const Communicator& communicator) noexcept;

// For errors of the control path.
tutti_status_t StatusFrom(absl::StatusCode code, tutti_status_t otherwise);

inline tutti_status_t StatusFrom(Outcome outcome) { return static_cast<tutti_status_t>(outcome); }

// Runs `body` (returning tutti_status_t) so that nothing is thrown to the caller.
template <typename Body>
tutti_status_t Fence(const char* function, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return Failed(TUTTI_ERR_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    try {
      return Failed(TUTTI_ERR_INTERNAL, absl::StrCat(function, " met an unexpected exception: ", e.what()));
    } catch (...) {
      return Failed(TUTTI_ERR_INTERNAL, "unexpected exception");
    }
  } catch (...) {
    return Failed(TUTTI_ERR_INTERNAL, "unexpected exception");
  }
}

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_ERRORS_H_
