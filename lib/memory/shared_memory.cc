// SPDX-License-Identifier: Apache-2.0
#include "lib/memory/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW;
constexpr size_t kHugePageBytes = size_t{2} << 20;

}  // namespace

SharedMemory::~SharedMemory() {
  if (data_ != nullptr) ::munmap(data_, bytes_);
}

absl::StatusOr<SharedMemory> SharedMemory::MapWhole(UniqueFd fd, size_t bytes, int protection) {
  void* data = ::mmap(nullptr, bytes, protection, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot map ", bytes, " bytes of shared memory"));
  }
  // Fewer address translations where the kernel allows it for shared memory; not missed where it does not.
  if (bytes >= kHugePageBytes) (void)::madvise(data, bytes, MADV_HUGEPAGE);
  return SharedMemory(static_cast<std::byte*>(data), bytes, std::move(fd));
}

absl::StatusOr<SharedMemory> SharedMemory::Create(const char* name, size_t bytes) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd.valid()) return absl::ErrnoToStatus(errno, "cannot make shared memory (memfd_create)");
  if (::ftruncate(fd.get(), static_cast<off_t>(bytes)) != 0 || ::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot give shared memory its size of ", bytes, " bytes"));
  }
  absl::StatusOr<SharedMemory> memory = MapWhole(std::move(fd), bytes, PROT_READ | PROT_WRITE);
  if (!memory.ok()) return memory;
  // Backed now: a host without memory says so here, as an error, not later as a signal.
  if (::fallocate(memory->fd(), 0, 0, static_cast<off_t>(bytes)) != 0) {
    return absl::ErrnoToStatus(
        errno, absl::StrCat("this host (or container) has no ", bytes, " bytes of memory left for shared memory"));
  }
  (void)::madvise(memory->data(), bytes, MADV_POPULATE_WRITE);
  return memory;
}

absl::StatusOr<SharedMemory> SharedMemory::MapOfPeer(UniqueFd fd, size_t bytes, int protection) {
  struct stat about = {};
  if (::fstat(fd.get(), &about) != 0 || about.st_size < static_cast<off_t>(bytes) || bytes == 0) {
    return absl::InvalidArgumentError("the peer's shared memory is shorter than it said");
  }
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    return absl::InvalidArgumentError("the peer's shared memory could be cut short");
  }
  absl::StatusOr<SharedMemory> memory = MapWhole(std::move(fd), bytes, protection);
  if (memory.ok()) {
    memory->fd_.Reset();  // nobody else gets it from here
    (void)::madvise(memory->data(), bytes, MADV_POPULATE_READ);
  }
  return memory;
}

absl::StatusOr<SharedMemory> SharedMemory::Map(UniqueFd fd, size_t bytes) {
  return MapOfPeer(std::move(fd), bytes, PROT_READ | PROT_WRITE);
}

absl::StatusOr<SharedMemory> SharedMemory::MapToRead(UniqueFd fd, size_t bytes) {
  return MapOfPeer(std::move(fd), bytes, PROT_READ);
}

bool SharedMemory::ForbidOthersToWrite() { return ::fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0; }

}  // namespace tutti
