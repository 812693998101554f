// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/deliver.h"

#include "absl/strings/str_cat.h"

#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/capi/last_timing.h"
#include "lib/comm/job.h"

namespace tutti {

tutti_status_t CheckCall(const char* function, tutti_comm_t comm, Collective collective, tutti_dtype_t dtype,
                         tutti_op_t op, int root, const tutti_options_t* options, Communicator** communicator,
                         CheckedOptions* checked_options) {
  *communicator = Find(comm, function);
  if (*communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  TUTTI_RETURN_IF_ERROR(CheckType(dtype, function));
  TUTTI_RETURN_IF_ERROR(CheckOp(op, dtype, function));
  TUTTI_RETURN_IF_ERROR(CheckRank(root, (*communicator)->size(), function, "root"));
  return CheckOptions(options, &collective, function, checked_options);
}

tutti_status_t Deliver(Communicator& communicator, absl::StatusOr<Operation*> made, const char* function,
                       tutti_request_t* request) {
  if (!made.ok()) {
    if (communicator.outcome() != Outcome::kOk) return FailedWith(communicator);
    return Failed(StatusFrom(made.status().code(), TUTTI_ERR_INTERNAL),
                  absl::StrCat(function, ": ", made.status().message()));
  }
  Operation& operation = **made;
  Engine& engine = communicator.job().engine();
  if (request != nullptr) {
    const uintptr_t handle = RequestHandles().Insert(&operation);
    if (handle != 0) {
      *request = reinterpret_cast<tutti_request_t>(handle);
      engine.Submit(operation);
      engine.Poll();  // what can leave at once, leaves
      return TUTTI_OK;
    }
    // A million requests are open. The other ranks count on the operation, so it is finished here.
  }
  engine.SubmitAndWait(operation);
  const Outcome outcome = operation.outcome();
  RememberTiming(operation);
  operation.Release();
  return outcome == Outcome::kOk ? TUTTI_OK : FailedWith(communicator);
}

}  // namespace tutti
