// SPDX-License-Identifier: Apache-2.0
// A rank's end of its control connection: any thread may send without blocking, one thread (the watcher) sleeps on it,
// sends what had to wait, and receives. It moves bytes; it never knows what they say.
#ifndef TUTTI_LIB_BOOTSTRAP_CONTROL_LINK_H_
#define TUTTI_LIB_BOOTSTRAP_CONTROL_LINK_H_

#include <cstdint>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "lib/base/unique_fd.h"
#include "lib/bootstrap/fork_guard.h"
#include "lib/bootstrap/socket.h"

namespace tutti {

class ControlLink {
 public:
  // fd: connected, non-blocking. Valid only if status() is OK afterwards.
  explicit ControlLink(UniqueFd fd);
  const absl::Status& status() const { return status_; }

  // Any thread; never blocks. What the kernel does not take at once goes out later, by the watcher. Bytes for a lost
  // connection are dropped: the watcher finds out by itself.
  void Send(absl::string_view bytes);

  // Any thread: makes Sleep return.
  void Wake();

  // Any thread: waits until everything sent has been handed to the kernel, or the deadline.
  void Drain(int64_t deadline_ns);

  // The watcher: sleeps until there is something to read, or Wake, or for so long (-1: for ever); sends meanwhile what had to
  // wait.
  void Sleep(int timeout_ms);
  IoResult Receive(char* out, size_t bytes) { return ReceiveSome(fd_.get(), out, bytes); }

  // After the watcher has ended: nothing more will be sent; the other end still gets all that was.
  void Shutdown();

 private:
  void FlushLocked();

  const UniqueFd fd_;
  const UniqueFd wake_;
  const ForkGuard fd_guard_;
  const ForkGuard wake_guard_;
  absl::Status status_;
  std::mutex mutex_;
  std::string output_;  // guarded by mutex_: not yet handed to the kernel
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_CONTROL_LINK_H_
