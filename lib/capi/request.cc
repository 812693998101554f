// SPDX-License-Identifier: Apache-2.0
// tutti_request_*: waiting for what was started.
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"

#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/capi/last_timing.h"
#include "lib/comm/job.h"
#include "tutti/request.h"

namespace tutti {
namespace {

Engine& EngineOf(Operation& operation) { return OwnerOf(operation).job().engine(); }

// The end of a request that is done: the handle goes, the operation returns to its plan.
tutti_status_t Conclude(tutti_request_t* request, const char* function) {
  Operation* operation = nullptr;
  const uintptr_t handle = ToNumber(*request);
  *request = nullptr;
  if (!RequestHandles().Remove(handle, &operation)) {
    return Failed(TUTTI_ERR_INVALID_HANDLE, absl::StrCat(function, ": another thread waits for the same request"));
  }
  const Outcome outcome = operation->outcome();
  RememberTiming(*operation);
  const Communicator& owner = OwnerOf(*operation);
  operation->Release();
  return outcome == Outcome::kOk ? TUTTI_OK : FailedWith(owner);
}

tutti_status_t Wait(tutti_request_t* request, const char* function) {
  if (request == nullptr) return Invalid(function, "request is NULL");
  if (*request == nullptr) return TUTTI_OK;
  Operation* operation = Find(*request, function);
  if (operation == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  EngineOf(*operation).Wait(*operation);
  return Conclude(request, function);
}

tutti_status_t CheckArray(int count, const tutti_request_t* requests, const char* function) {
  if (count < 0) return Invalid(function, "count is ", count);
  if (count > 0 && requests == nullptr) {
    return Invalid(function, "requests is NULL but count is ", count);
  }
  for (int i = 0; i < count; ++i) {
    if (requests[i] != nullptr && Find(requests[i], function) == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  }
  return TUTTI_OK;
}

// The place of the first request that is done, -1 if none is, -2 if all entries are NULL.
int FirstDone(absl::Span<const tutti_request_t> requests) {
  int result = -2;
  for (size_t i = 0; i < requests.size(); ++i) {
    Operation* operation = nullptr;
    if (requests[i] == nullptr || !RequestHandles().Find(ToNumber(requests[i]), &operation)) continue;
    if (operation->done()) return static_cast<int>(i);
    result = -1;
  }
  return result;
}

// Requests of one engine are waited for in it. With several jobs in one process, each is driven in turn.
void WaitForAny(absl::Span<const tutti_request_t> requests) {
  Engine* only = nullptr;
  bool several = false;
  for (tutti_request_t request : requests) {
    Operation* operation = nullptr;
    if (request == nullptr || !RequestHandles().Find(ToNumber(request), &operation)) continue;
    Engine& engine = EngineOf(*operation);
    several |= only != nullptr && only != &engine;
    only = &engine;
  }
  if (only == nullptr) return;
  if (!several) return only->WaitUntil([requests] { return FirstDone(requests) != -1; });
  while (FirstDone(requests) == -1) {
    for (tutti_request_t request : requests) {
      Operation* operation = nullptr;
      if (request != nullptr && RequestHandles().Find(ToNumber(request), &operation)) EngineOf(*operation).Poll();
    }
  }
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_request_wait(tutti_request_t* request) {
  return tutti::Fence(__func__, [&] { return tutti::Wait(request, "tutti_request_wait"); });
}

tutti_status_t tutti_request_test(tutti_request_t* request) {
  return tutti::Fence(__func__, [&] {
    using namespace tutti;
    if (request == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, "tutti_request_test: request is NULL");
    if (*request == nullptr) return TUTTI_OK;
    Operation* operation = Find(*request, "tutti_request_test");
    if (operation == nullptr) return TUTTI_ERR_INVALID_HANDLE;
    if (!operation->done()) EngineOf(*operation).Poll();
    return operation->done() ? Conclude(request, "tutti_request_test") : TUTTI_IN_PROGRESS;
  });
}

tutti_status_t tutti_request_wait_any(int count, tutti_request_t* requests, int* index) {
  return tutti::Fence(__func__, [&] {
    using namespace tutti;
    if (index == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, "tutti_request_wait_any: index is NULL");
    *index = -1;
    const tutti_status_t status = CheckArray(count, requests, "tutti_request_wait_any");
    if (status != TUTTI_OK) return status;
    const absl::Span<const tutti_request_t> all(requests, static_cast<size_t>(count));
    WaitForAny(all);
    const int done = FirstDone(all);
    if (done < 0) return TUTTI_OK;
    *index = done;
    return Conclude(&requests[done], "tutti_request_wait_any");
  });
}

tutti_status_t tutti_request_wait_all(int count, tutti_request_t* requests) {
  return tutti::Fence(__func__, [&] {
    using namespace tutti;
    tutti_status_t status = CheckArray(count, requests, "tutti_request_wait_all");
    if (status != TUTTI_OK) return status;
    std::string sentence;
    for (int i = 0; i < count; ++i) {
      const tutti_status_t one = Wait(&requests[i], "tutti_request_wait_all");
      if (status != TUTTI_OK || one == TUTTI_OK) continue;
      status = one;
      sentence = tutti_last_error();
    }
    return status == TUTTI_OK ? TUTTI_OK : Failed(status, sentence);
  });
}

}  // extern "C"
