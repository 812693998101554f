// SPDX-License-Identifier: Apache-2.0
// tutti_mem_*: memory that the application registers.
#include "tutti/memory.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/comm/job.h"

namespace tutti {
namespace {

constexpr const char* kRegister = "tutti_mem_register";

// Does not keep the job alive: when that goes, its registrations go with it.
struct Registration {
  std::weak_ptr<Job> job;
  Job::RegisteredMemory memory;
};

// Never destroyed: handles may be used while the process exits.
HandleTable<Registration*>& RegistrationHandles() {
  static auto* table = new HandleTable<Registration*>();
  return *table;
}

tutti_status_t Register(tutti_comm_t comm, void* address, size_t bytes, tutti_mem_t* mem) {
  if (mem == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kRegister, ": mem is NULL"));
  *mem = nullptr;
  Communicator* communicator = Find(comm, kRegister);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  if (address == nullptr) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kRegister, ": address is NULL"));
  if (bytes == 0) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kRegister, ": bytes is 0"));
  if (reinterpret_cast<uintptr_t>(address) > UINTPTR_MAX - bytes) {
    return Failed(TUTTI_ERR_INVALID_ARGUMENT,
                  absl::StrCat(kRegister, ": ", bytes, " bytes from this address on go beyond the end of memory"));
  }
  const std::shared_ptr<Job>& job = communicator->shared_job();
  absl::StatusOr<Job::RegisteredMemory> memory = job->RegisterMemory(address, bytes);
  if (!memory.ok()) {
    const tutti_status_t status = memory.status().code() == absl::StatusCode::kInvalidArgument
                                      ? TUTTI_ERR_INVALID_ARGUMENT
                                      : TUTTI_ERR_OUT_OF_MEMORY;
    return Failed(status, absl::StrCat(kRegister, ": ", memory.status().message()));
  }
  auto registration = std::make_unique<Registration>(Registration{job, *std::move(memory)});
  const uintptr_t handle = RegistrationHandles().Insert(registration.get());
  if (handle == 0) {
    job->DeregisterMemory(registration->memory);
    return Failed(TUTTI_ERR_OUT_OF_MEMORY, absl::StrCat(kRegister, ": too many registrations"));
  }
  registration.release();  // owned by the handle from here
  *mem = reinterpret_cast<tutti_mem_t>(handle);
  return TUTTI_OK;
}

tutti_status_t Deregister(tutti_mem_t mem) {
  if (mem == nullptr) return TUTTI_OK;
  Registration* found = nullptr;
  if (!RegistrationHandles().Remove(ToNumber(mem), &found)) {
    return Failed(TUTTI_ERR_INVALID_HANDLE,
                  "tutti_mem_deregister: the memory handle was never created or is already gone");
  }
  const std::unique_ptr<Registration> registration(found);
  if (const std::shared_ptr<Job> job = registration->job.lock()) job->DeregisterMemory(registration->memory);
  return TUTTI_OK;
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_mem_register(tutti_comm_t comm, void* address, size_t bytes, tutti_mem_t* mem) {
  return tutti::Fence(__func__, [&] { return tutti::Register(comm, address, bytes, mem); });
}

tutti_status_t tutti_mem_deregister(tutti_mem_t mem) {
  return tutti::Fence(__func__, [&] { return tutti::Deregister(mem); });
}

}  // extern "C"
