// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/control_link.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/base/clock.h"

namespace tutti {

ControlLink::ControlLink(UniqueFd fd)
    : fd_(std::move(fd)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      fd_guard_(fd_.get()),
      wake_guard_(wake_.get()) {
  if (!wake_.valid()) {
    status_ = absl::UnavailableError(absl::StrCat("cannot set up the control connection: ", std::strerror(errno)));
  }
}

void ControlLink::Send(absl::string_view bytes) {
  bool must_wait = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    const bool was_empty = output_.empty();
    output_.append(bytes.data(), bytes.size());
    if (was_empty) FlushLocked();
    must_wait = was_empty && !output_.empty();
  }
  if (must_wait) Wake();  // so that the watcher waits for room, too
}

void ControlLink::FlushLocked() {
  while (!output_.empty()) {
    const IoResult result = SendSome(fd_.get(), output_);
    if (result.closed) {
      output_.clear();
      return;
    }
    output_.erase(0, result.bytes);
    if (result.would_block) return;
  }
}

void ControlLink::Wake() {
  const uint64_t one = 1;
  // Cannot fail: the counter never comes near its limit.
  static_cast<void>(!write(wake_.get(), &one, sizeof one));
}

void ControlLink::Drain(int64_t deadline_ns) {
  while (true) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      FlushLocked();
      if (output_.empty()) return;
    }
    if (!WaitReady(fd_.get(), POLLOUT, deadline_ns)) return;
  }
}

void ControlLink::Sleep(int timeout_ms) {
  bool has_output = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    FlushLocked();
    has_output = !output_.empty();
  }
  const short events = static_cast<short>(has_output ? POLLIN | POLLOUT : POLLIN);
  pollfd entries[2] = {{fd_.get(), events, 0}, {wake_.get(), POLLIN, 0}};
  if (poll(entries, 2, timeout_ms) <= 0 || entries[1].revents == 0) return;
  uint64_t count = 0;
  static_cast<void>(!read(wake_.get(), &count, sizeof count));
}

void ControlLink::Shutdown() {
  shutdown(fd_.get(), SHUT_WR);
  // Closing with unread bytes would reset the connection, and a reset may overtake what was sent.
  char buffer[4096];
  while (ReceiveSome(fd_.get(), buffer, sizeof buffer).bytes > 0) {
  }
}

}  // namespace tutti
