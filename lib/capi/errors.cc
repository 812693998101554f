// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/errors.h"

namespace tutti {
namespace {

thread_local std::string last_error;

}  // namespace

tutti_status_t Failed(tutti_status_t status, absl::string_view sentence) noexcept {
  try {
    last_error.assign(sentence.data(), sentence.size());
  } catch (...) {
    last_error.clear();
  }
  return status;
}

tutti_status_t FailedWith(const Communicator& communicator) noexcept {
  try {
    return Failed(StatusFrom(communicator.outcome()), communicator.failure());
  } catch (...) {
    return Failed(StatusFrom(communicator.outcome()), "");
  }
}

tutti_status_t StatusFrom(absl::StatusCode code, tutti_status_t otherwise) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
      return TUTTI_ERR_CONFIG;
    case absl::StatusCode::kDeadlineExceeded:
      return TUTTI_ERR_TIMEOUT;
    case absl::StatusCode::kResourceExhausted:
      return TUTTI_ERR_OUT_OF_MEMORY;
    default:
      return otherwise;
  }
}

}  // namespace tutti

extern "C" const char* tutti_last_error(void) { return tutti::last_error.c_str(); }
