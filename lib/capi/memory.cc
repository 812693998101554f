// SPDX-License-Identifier: Apache-2.0
// tutti_mem_*: memory that the application registers, or lets tutti allocate.
#include "tutti/memory.h"

#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/capi/deliver.h"
#include "lib/capi/errors.h"
#include "lib/capi/handles.h"
#include "lib/comm/job.h"
#include "lib/memory/allocation.h"
#include "lib/transport/memory_registry.h"

namespace tutti {
namespace {

constexpr const char* kAlloc = "tutti_mem_alloc";

// Does not keep the job alive: when that goes, its registrations go with it.
struct Registration {
  std::weak_ptr<Job> job;
  Job::RegisteredMemory memory;
  Allocation allocation;  // of tutti_mem_alloc
};

// Never destroyed: handles may be used while the process exits.
HandleTable<Registration*>& RegistrationHandles() {
  static auto* table = new HandleTable<Registration*>();
  return *table;
}

tutti_status_t StatusOfMemory(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return TUTTI_ERR_INVALID_ARGUMENT;
    case absl::StatusCode::kUnimplemented:
      return TUTTI_ERR_UNSUPPORTED;
    default:
      return TUTTI_ERR_OUT_OF_MEMORY;
  }
}

// Registers the range with comm's job, and gives the result, which owns `allocation`, a handle.
tutti_status_t Keep(const char* function, Communicator& communicator, const MemoryRange& range, Allocation allocation,
                    tutti_mem_t* mem) {
  const std::shared_ptr<Job>& job = communicator.shared_job();
  absl::StatusOr<Job::RegisteredMemory> memory = job->RegisterMemory(range);
  if (!memory.ok()) {
    return Failed(StatusOfMemory(memory.status()), absl::StrCat(function, ": ", memory.status().message()));
  }
  auto registration = std::make_unique<Registration>(Registration{job, *std::move(memory), std::move(allocation)});
  const uintptr_t handle = RegistrationHandles().Insert(registration.get());
  if (handle == 0) {
    job->DeregisterMemory(registration->memory);
    return Failed(TUTTI_ERR_OUT_OF_MEMORY, absl::StrCat(function, ": too many registrations"));
  }
  registration.release();  // owned by the handle from here
  *mem = reinterpret_cast<tutti_mem_t>(handle);
  return TUTTI_OK;
}

tutti_status_t Register(const char* function, tutti_comm_t comm, void* address, size_t bytes, const Dmabuf* dmabuf,
                        tutti_mem_t* mem) {
  if (mem == nullptr) return Invalid(function, "mem is NULL");
  *mem = nullptr;
  Communicator* communicator = Find(comm, function);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  if (address == nullptr) return Invalid(function, "address is NULL");
  if (bytes == 0) return Invalid(function, "bytes is 0");
  if (reinterpret_cast<uintptr_t>(address) > UINTPTR_MAX - bytes) {
    return Invalid(function, bytes, " bytes from this address on go beyond the end of memory");
  }
  if (dmabuf != nullptr && dmabuf->fd < 0) {
    return Invalid(function, "fd is ", dmabuf->fd);
  }
  MemoryRange range;
  range.data = address;
  range.bytes = bytes;
  range.dmabuf = dmabuf;
  return Keep(function, *communicator, range, {}, mem);
}

tutti_status_t Allocate(tutti_comm_t comm, size_t bytes, void** address, tutti_mem_t* mem) {
  if (address != nullptr) *address = nullptr;
  if (mem != nullptr) *mem = nullptr;
  if (address == nullptr || mem == nullptr) {
    return Failed(TUTTI_ERR_INVALID_ARGUMENT,
                  absl::StrCat(kAlloc, ": ", mem == nullptr ? "mem" : "address", " is NULL"));
  }
  Communicator* communicator = Find(comm, kAlloc);
  if (communicator == nullptr) return TUTTI_ERR_INVALID_HANDLE;
  if (bytes == 0) return Failed(TUTTI_ERR_INVALID_ARGUMENT, absl::StrCat(kAlloc, ": bytes is 0"));
  absl::StatusOr<Allocation> allocation = Allocation::Create(bytes);
  if (!allocation.ok()) {
    return Failed(TUTTI_ERR_OUT_OF_MEMORY, absl::StrCat(kAlloc, ": ", allocation.status().message()));
  }
  const MemoryRange range{
      .data = allocation->data(), .bytes = bytes, .shareable_fd = allocation->shareable_fd(), .dmabuf = nullptr};
  TUTTI_RETURN_IF_ERROR(Keep(kAlloc, *communicator, range, *std::move(allocation), mem));
  *address = range.data;
  return TUTTI_OK;
}

// Takes the registration from its handle, if it is of that kind.
tutti_status_t Take(const char* function, tutti_mem_t mem, bool allocated, std::unique_ptr<Registration>* taken) {
  static std::mutex mutex;  // nobody else may take it between the look and the taking
  const std::lock_guard<std::mutex> lock(mutex);
  Registration* found = nullptr;
  if (!RegistrationHandles().Find(ToNumber(mem), &found)) {
    return Failed(TUTTI_ERR_INVALID_HANDLE,
                  absl::StrCat(function, ": the memory handle was never created or is already gone"));
  }
  if (allocated != (found->allocation.data() != nullptr)) {
    return Failed(
        TUTTI_ERR_INVALID_ARGUMENT,
        absl::StrCat(function, allocated ? ": this memory was registered; end that with tutti_mem_deregister"
                                         : ": this memory was allocated by tutti; give it to tutti_mem_free"));
  }
  (void)RegistrationHandles().Remove(ToNumber(mem), &found);
  taken->reset(found);
  return TUTTI_OK;
}

tutti_status_t Release(const char* function, tutti_mem_t mem, bool allocated) {
  if (mem == nullptr) return TUTTI_OK;
  std::unique_ptr<Registration> registration;
  TUTTI_RETURN_IF_ERROR(Take(function, mem, allocated, &registration));
  if (const std::shared_ptr<Job> job = registration->job.lock()) job->DeregisterMemory(registration->memory);
  return TUTTI_OK;
}

}  // namespace
}  // namespace tutti

extern "C" {

tutti_status_t tutti_mem_register(tutti_comm_t comm, void* address, size_t bytes, tutti_mem_t* mem) {
  return tutti::Fence(__func__,
                      [&] { return tutti::Register("tutti_mem_register", comm, address, bytes, nullptr, mem); });
}

tutti_status_t tutti_mem_register_dmabuf(tutti_comm_t comm, void* address, size_t bytes, int fd, uint64_t offset,
                                         tutti_mem_t* mem) {
  const tutti::Dmabuf dmabuf{fd, offset};
  return tutti::Fence(__func__,
                      [&] { return tutti::Register("tutti_mem_register_dmabuf", comm, address, bytes, &dmabuf, mem); });
}

tutti_status_t tutti_mem_deregister(tutti_mem_t mem) {
  return tutti::Fence(__func__, [&] { return tutti::Release("tutti_mem_deregister", mem, false); });
}

tutti_status_t tutti_mem_alloc(tutti_comm_t comm, size_t bytes, void** address, tutti_mem_t* mem) {
  return tutti::Fence(__func__, [&] { return tutti::Allocate(comm, bytes, address, mem); });
}

tutti_status_t tutti_mem_free(tutti_mem_t mem) {
  return tutti::Fence(__func__, [&] { return tutti::Release("tutti_mem_free", mem, true); });
}

}  // extern "C"
