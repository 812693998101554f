// SPDX-License-Identifier: Apache-2.0
// The end of every call that starts an operation.
#ifndef TUTTI_LIB_CAPI_DELIVER_H_
#define TUTTI_LIB_CAPI_DELIVER_H_

#include "absl/status/statusor.h"

#include "lib/comm/communicator.h"
#include "tutti/collectives.h"

#define TUTTI_RETURN_IF_ERROR(expression)        \
  do {                                           \
    const tutti_status_t status_ = (expression); \
    if (status_ != TUTTI_OK) return status_;     \
  } while (false)

namespace tutti {

// Submits what Communicator::Make has made, and waits for it (request == nullptr) or makes it a request.
tutti_status_t Deliver(Communicator& communicator, absl::StatusOr<Operation*> made, const char* function,
                       tutti_request_t* request);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_DELIVER_H_
