// SPDX-License-Identifier: Apache-2.0
// The owner of one file descriptor.
#ifndef TUTTI_LIB_BASE_UNIQUE_FD_H_
#define TUTTI_LIB_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace tutti {

// Closes its descriptor when destroyed. Move-only. Not thread-safe.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}  // takes ownership; negative means none
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) Reset(other.Release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

  // Gives the descriptor to the caller, who must close it. -1 if there is none.
  [[nodiscard]] int Release() { return std::exchange(fd_, -1); }

  // Closes what is owned and owns `fd` instead. Leaves errno as it was, so that an error path may clean up before it
  // reports. `fd` must not be the one already owned.
  void Reset(int fd = -1) {
    const int old = std::exchange(fd_, fd);
    if (old < 0) return;
    const int saved_errno = errno;
    // Never repeated on EINTR: Linux has released the number by then, and another thread may already have it.
    ::close(old);
    errno = saved_errno;
  }

 private:
  int fd_ = -1;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_UNIQUE_FD_H_
