// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/deliver.h"

#include "absl/strings/str_cat.h"

#include "lib/capi/call_group.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/capi/last_timing.h"
#include "lib/capi/persistent.h"
#include "lib/comm/job.h"

namespace tutti {

namespace {

// Of a call that was refused, or could not be made ready.
tutti_status_t StatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return TUTTI_ERR_INVALID_ARGUMENT;
    case absl::StatusCode::kUnimplemented:
      return TUTTI_ERR_UNSUPPORTED;
    default:
      return StatusFrom(status.code(), TUTTI_ERR_INTERNAL);
  }
}

// Submits what was made, and waits for it (request == nullptr) or makes it a request.
tutti_status_t Begin(Communicator& communicator, absl::StatusOr<Operation*> made, const char* function,
                     tutti_request_t* request) {
  if (!made.ok()) return FailedToMake(communicator, made.status(), function);
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

}  // namespace

tutti_status_t CheckCall(const char* function, tutti_comm_t comm, Collective collective, tutti_dtype_t dtype,
                         tutti_op_t op, int root, const tutti_options_t* options, Communicator** communicator,
                         CheckedOptions* checked_options) {
  *communicator = Find(comm, function);
  if (*communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  TUTTI_RETURN_IF_ERROR(CheckType(dtype, function));
  const UserOp* user_op = nullptr;
  TUTTI_RETURN_IF_ERROR(CheckOp(op, dtype, function, &user_op));
  TUTTI_RETURN_IF_ERROR(CheckRank(root, (*communicator)->size(), function, "root"));
  TUTTI_RETURN_IF_ERROR(CheckOptions(options, &collective, function, checked_options));
  checked_options->user_op = user_op;
  TUTTI_RETURN_IF_ERROR(CheckOrder(checked_options->algorithm, user_op, function));
  return CheckScale(checked_options->scale, collective, op, dtype, function);
}

tutti_status_t FailedToMake(const Communicator& communicator, const absl::Status& status, const char* function) {
  if (communicator.outcome() != Outcome::kOk) return FailedWith(communicator);
  return Failed(StatusOf(status), absl::StrCat(function, ": ", status.message()));
}

tutti_status_t Prepare(const Recipient& to, const char* function) {
  if (to.request != nullptr) *to.request = nullptr;
  if (!to.is_persistent) return TUTTI_OK;
  if (to.persistent == nullptr) {
    return Invalid(function, "persistent is NULL");
  }
  *to.persistent = nullptr;
  return TUTTI_OK;
}

tutti_status_t NoteRefusal(tutti_status_t status, const Recipient& to) {
  if (status == TUTTI_OK || to.is_persistent) return status;
  CallGroup& group = CallGroup::OfThread();
  if (group.is_open()) group.Refused(status);
  return status;
}

tutti_status_t Deliver(tutti_comm_t comm, Communicator& communicator, const CollectiveCall& call, const char* function,
                       const Recipient& to) {
  if (to.is_persistent) return MakePersistent(communicator, call, function, to.persistent);
  CallGroup& group = CallGroup::OfThread();
  if (!group.is_open()) return Begin(communicator, communicator.Make(call), function, to.request);
  group.Add(comm, call, function, to.request);
  return TUTTI_OK;
}

tutti_status_t Deliver(tutti_comm_t comm, Communicator& communicator, const MessageCall& call, const char* function,
                       const Recipient& to) {
  CallGroup& group = CallGroup::OfThread();
  if (!group.is_open()) return Begin(communicator, communicator.Make(call), function, to.request);
  group.Add(comm, call, function, to.request);
  return TUTTI_OK;
}

}  // namespace tutti
