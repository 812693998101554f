// SPDX-License-Identifier: Apache-2.0
// Memory for an application's buffers: of a kind that other processes of the host can be allowed to read, where the host
// has it, ordinary memory otherwise.
#ifndef TUTTI_LIB_MEMORY_ALLOCATION_H_
#define TUTTI_LIB_MEMORY_ALLOCATION_H_

#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"

#include "lib/memory/shared_memory.h"

namespace tutti {

// Owns it. Aligned to pages, zeroed, and backed.
class Allocation {
 public:
  Allocation() = default;
  Allocation(Allocation&& other) noexcept { swap(other); }
  Allocation& operator=(Allocation&& other) noexcept {
    Allocation(std::move(other)).swap(*this);
    return *this;
  }
  ~Allocation();

  // ResourceExhausted: there is not so much memory.
  static absl::StatusOr<Allocation> Create(size_t bytes);

  std::byte* data() const { return shared_.valid() ? shared_.data() : private_; }
  size_t bytes() const { return bytes_; }
  // The descriptor that others may map to read, never to write; -1: nobody else can have this memory.
  int shareable_fd() const { return shared_.valid() ? shared_.fd() : -1; }

  void swap(Allocation& other) noexcept {
    shared_.swap(other.shared_);
    std::swap(private_, other.private_);
    std::swap(bytes_, other.bytes_);
  }

 private:
  SharedMemory shared_;
  std::byte* private_ = nullptr;  // instead, where memory cannot be shared
  size_t bytes_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_MEMORY_ALLOCATION_H_
