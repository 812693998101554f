// SPDX-License-Identifier: Apache-2.0
// The beginning of every collective call, and the end of every call that starts an operation.
#ifndef TUTTI_LIB_CAPI_DELIVER_H_
#define TUTTI_LIB_CAPI_DELIVER_H_

#include "absl/status/statusor.h"

#include "lib/capi/arguments.h"
#include "lib/comm/communicator.h"
#include "tutti/collectives.h"

#define TUTTI_RETURN_IF_ERROR(expression)        \
  do {                                           \
    const tutti_status_t status_ = (expression); \
    if (status_ != TUTTI_OK) return status_;     \
  } while (false)

namespace tutti {

// What collective calls check before they look at buffers. Sets the last two if it returns TUTTI_OK.
tutti_status_t CheckCall(const char* function, tutti_comm_t comm, Collective collective, tutti_dtype_t dtype,
                         tutti_op_t op, int root, const tutti_options_t* options, Communicator** communicator,
                         CheckedOptions* checked_options);

// Submits what Communicator::Make has made, and waits for it (request == nullptr) or makes it a request.
tutti_status_t Deliver(Communicator& communicator, absl::StatusOr<Operation*> made, const char* function,
                       tutti_request_t* request);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_DELIVER_H_
