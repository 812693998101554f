// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/fork_guard.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace tutti {
namespace {

struct Registry {
  std::mutex mutex;
  std::vector<int> fds;
};

// Never destroyed, as a fork may come while the process exits.
Registry& TheRegistry() {
  static Registry* const registry = new Registry;
  return *registry;
}

// In the child only this thread exists, and only async-signal-safe calls are allowed.
void ReplaceInChild() {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd : TheRegistry().fds) {
    if (null < 0 || dup3(null, fd, O_CLOEXEC) < 0) close(fd);
  }
  if (null >= 0) close(null);
  TheRegistry().fds.clear();
  TheRegistry().mutex.unlock();
}

}  // namespace

ForkGuard::ForkGuard(int fd) : fd_(fd) {
  static std::once_flag once;
  std::call_once(once, [] {
    pthread_atfork([] { TheRegistry().mutex.lock(); }, [] { TheRegistry().mutex.unlock(); }, ReplaceInChild);
  });
  std::lock_guard<std::mutex> lock(TheRegistry().mutex);
  TheRegistry().fds.push_back(fd);
}

ForkGuard::~ForkGuard() {
  std::lock_guard<std::mutex> lock(TheRegistry().mutex);
  std::vector<int>& fds = TheRegistry().fds;
  const auto found = std::find(fds.begin(), fds.end(), fd_);
  if (found == fds.end()) return;  // in a child
  *found = fds.back();
  fds.pop_back();
}

}  // namespace tutti
