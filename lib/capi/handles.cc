// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/handles.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"

#include "lib/capi/errors.h"

namespace tutti {
namespace {

template <typename T>
T* FindIn(const HandleTable<T*>& table, uintptr_t handle, const char* function, const char* noun) {
  T* object = nullptr;
  if (table.Find(handle, &object)) return object;
  Failed(TUTTI_ERR_INVALID_HANDLE,
         handle == 0 ? absl::StrCat(function, ": the ", noun, " handle is NULL")
                     : absl::StrCat(function, ": the ", noun, " handle was never created or is already gone"));
  return nullptr;
}

}  // namespace

// Never destroyed: handles may be used while the process exits.
HandleTable<Communicator*>& CommunicatorHandles() {
  static auto* table = new HandleTable<Communicator*>();
  return *table;
}

HandleTable<Operation*>& RequestHandles() {
  static auto* table = new HandleTable<Operation*>();
  return *table;
}

Communicator* Find(tutti_comm_t handle, const char* function) {
  return FindIn(CommunicatorHandles(), ToNumber(handle), function, "communicator");
}

Operation* Find(tutti_request_t handle, const char* function) {
  return FindIn(RequestHandles(), ToNumber(handle), function, "request");
}

void ForgetRequestsOf(Communicator& communicator) {
  // By address alone: other communicators' operations may be on their way out in other threads.
  const absl::flat_hash_set<const Operation*> operations = communicator.Operations();
  RequestHandles().RemoveIf([&operations](Operation* operation) { return operations.contains(operation); });
}

}  // namespace tutti
