// SPDX-License-Identifier: Apache-2.0
// The process's tables of communicators and requests, and the way from a handle to the object.
#ifndef TUTTI_LIB_CAPI_HANDLES_H_
#define TUTTI_LIB_CAPI_HANDLES_H_

#include "lib/capi/handle_table.h"
#include "lib/comm/communicator.h"
#include "lib/engine/operation.h"
#include "tutti/comm.h"
#include "tutti/request.h"

namespace tutti {

HandleTable<Communicator*>& CommunicatorHandles();
HandleTable<Operation*>& RequestHandles();

// nullptr, with the sentence for tutti_last_error set, if the handle is not valid.
Communicator* Find(tutti_comm_t handle, const char* function);
Operation* Find(tutti_request_t handle, const char* function);

template <typename Handle>
uintptr_t ToNumber(Handle handle) {
  return reinterpret_cast<uintptr_t>(handle);
}

// The communicator that an operation belongs to.
inline Communicator& OwnerOf(const Operation& operation) { return *static_cast<Communicator*>(operation.owner); }

// Removes every request of the communicator from the table; their handles are invalid from then on.
void ForgetRequestsOf(Communicator& communicator);

}  // namespace tutti

#endif  // TUTTI_LIB_CAPI_HANDLES_H_
