// SPDX-License-Identifier: Apache-2.0
// The beginning of every collective call, and the end of every call that starts an operation.
#ifndef TUTTI_LIB_CAPI_DELIVER_H_
#define TUTTI_LIB_CAPI_DELIVER_H_

#include "absl/status/statusor.h"

#include "lib/capi/arguments.h"
#include "lib/comm/communicator.h"
#include "tutti/collectives.h"
#include "tutti/persistent.h"

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

// The sentence for what Communicator::Make, Bind or Renew said.
tutti_status_t FailedToMake(const Communicator& communicator, const absl::Status& status, const char* function);

// What becomes of a call that has been checked: an operation that is waited for (both nullptr), a request, or one that is bound
// for many runs. What is set is what the caller gave.
struct Recipient {
  tutti_request_t* request = nullptr;
  bool is_persistent = false;
  tutti_persistent_t* persistent = nullptr;
};

// At the beginning of a call: what it gives is NULL until it succeeds.
tutti_status_t Prepare(const Recipient& to, const char* function);

// In a group, the call is remembered, and nothing is begun. `comm` is the communicator's handle.
tutti_status_t Deliver(tutti_comm_t comm, Communicator& communicator, const CollectiveCall& call, const char* function,
                       const Recipient& to);
tutti_status_t Deliver(tutti_comm_t comm, Communicator& communicator, const MessageCall& call, const char* function,
                       const Recipient& to);

// At the end of a call: in a group, it is remembered that one was refused.
tutti_status_t NoteRefusal(tutti_status_t status, const Recipient& to);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_DELIVER_H_
