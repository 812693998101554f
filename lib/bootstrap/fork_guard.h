// SPDX-License-Identifier: Apache-2.0
// Keeps a process's sockets out of its forked children. Close-on-exec does not help a child that never calls exec (data
// loaders of training frameworks), and while such a child holds a copy of a rank's control connection, the rank's death
// goes unnoticed.
#ifndef TUTTI_LIB_BOOTSTRAP_FORK_GUARD_H_
#define TUTTI_LIB_BOOTSTRAP_FORK_GUARD_H_

namespace tutti {

// While it exists, a forked child finds /dev/null in the place of the descriptor. (Not nothing: the number must not be
// given to another file, as copies of this process's objects in the child still hold it.) Destroy it before the
// descriptor is closed. The process holds any number of them; any thread.
class ForkGuard {
 public:
  explicit ForkGuard(int fd);
  ~ForkGuard();
  ForkGuard(const ForkGuard&) = delete;
  ForkGuard& operator=(const ForkGuard&) = delete;

 private:
  const int fd_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_FORK_GUARD_H_
