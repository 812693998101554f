// SPDX-License-Identifier: Apache-2.0
#include "lib/memory/allocation.h"

#include <sys/mman.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"

namespace tutti {

Allocation::~Allocation() {
  if (private_ != nullptr) ::munmap(private_, bytes_);
}

absl::StatusOr<Allocation> Allocation::Create(size_t bytes) {
  // The kernel gives out more than there is, and kills somebody when it is used.
  const auto page_bytes = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  if (const size_t pages = static_cast<size_t>(::sysconf(_SC_PHYS_PAGES)); bytes / page_bytes > pages) {
    return absl::ResourceExhaustedError(
        absl::StrCat(bytes, " bytes are more than the ", pages * page_bytes, " bytes of memory that this host has"));
  }
  Allocation allocation;
  allocation.bytes_ = bytes;
  absl::StatusOr<SharedMemory> shared = SharedMemory::Create("tutti-buffer", bytes);
  if (shared.ok() && shared->ForbidOthersToWrite()) {
    allocation.shared_ = *std::move(shared);
    return allocation;
  }
  if (absl::IsResourceExhausted(shared.status())) return shared.status();
  TUTTI_LOG(kInfo, "tutti_mem_alloc gives ordinary memory, which the ranks of this host copy once more: ",
            shared.ok() ? "this kernel cannot keep others from writing to shared memory" : shared.status().message());
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (data == MAP_FAILED) {
    return absl::ResourceExhaustedError(
        absl::StrCat("this host (or container) has no ", bytes, " bytes of memory left"));
  }
  allocation.private_ = static_cast<std::byte*>(data);
  return allocation;
}

}  // namespace tutti
