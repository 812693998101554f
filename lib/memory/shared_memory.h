// SPDX-License-Identifier: Apache-2.0
// Memory that two processes have in common: an anonymous file (memfd), so nothing is left behind when they die, and no
// limit of /dev/shm applies. Knows nothing of what lies in it.
#ifndef TUTTI_LIB_MEMORY_SHARED_MEMORY_H_
#define TUTTI_LIB_MEMORY_SHARED_MEMORY_H_

#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"

#include "lib/base/unique_fd.h"

namespace tutti {

// Owns one mapping, and the descriptor to hand to others while that is wanted.
class SharedMemory {
 public:
  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept { swap(other); }
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    SharedMemory(std::move(other)).swap(*this);
    return *this;
  }
  ~SharedMemory();

  // Zeroed and already backed by pages, so that no page fault lands on the data path. Its size is sealed: whoever else
  // holds the descriptor cannot cut it short under our feet.
  static absl::StatusOr<SharedMemory> Create(const char* name, size_t bytes);

  // Maps what a peer made. Refuses what is shorter than `bytes` or could still shrink.
  static absl::StatusOr<SharedMemory> Map(UniqueFd fd, size_t bytes);
  // The same, only to be read.
  static absl::StatusOr<SharedMemory> MapToRead(UniqueFd fd, size_t bytes);

  // Nobody who gets the descriptor from now on can write through it. False if this kernel (before Linux 5.1) cannot.
  bool ForbidOthersToWrite();

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  int fd() const { return fd_.get(); }
  bool valid() const { return data_ != nullptr; }

  void swap(SharedMemory& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(fd_, other.fd_);
  }

 private:
  SharedMemory(std::byte* data, size_t bytes, UniqueFd fd) : data_(data), bytes_(bytes), fd_(std::move(fd)) {}
  static absl::StatusOr<SharedMemory> MapWhole(UniqueFd fd, size_t bytes, int protection);
  static absl::StatusOr<SharedMemory> MapOfPeer(UniqueFd fd, size_t bytes, int protection);

  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  UniqueFd fd_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_MEMORY_SHARED_MEMORY_H_
