// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/sleeper.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/str_cat.h"

namespace tutti {

absl::StatusOr<std::unique_ptr<Sleeper>> Sleeper::Create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd doorbell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll.valid() || !doorbell.valid()) {
    return absl::ErrnoToStatus(errno, "the engine could not create its wake-up descriptors (check ulimit -n)");
  }
  std::unique_ptr<Sleeper> sleeper(new Sleeper(std::move(epoll), std::move(doorbell)));
  absl::Status status = sleeper->Watch(sleeper->doorbell_.get());
  if (!status.ok()) return status;
  return sleeper;
}

absl::Status Sleeper::Watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return absl::ErrnoToStatus(errno, "the engine could not watch a transport's descriptor");
  }
  return absl::OkStatus();
}

void Sleeper::Sleep(int64_t timeout_ns) {
  // Rounded up, so that a short timeout does not become a busy loop.
  const int timeout_ms = static_cast<int>(std::clamp<int64_t>((timeout_ns + 999'999) / 1'000'000, 0, 1000));
  std::array<epoll_event, 8> events;
  const int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  sleeping_.store(false, std::memory_order_relaxed);
  for (int i = 0; i < n; ++i) {
    if (events[static_cast<size_t>(i)].data.fd != doorbell_.get()) continue;
    uint64_t rings;
    [[maybe_unused]] ssize_t bytes = ::read(doorbell_.get(), &rings, sizeof rings);
  }
}

void Sleeper::Ring() {
  if (!sleeping_.load(std::memory_order_seq_cst)) return;
  const uint64_t one = 1;
  [[maybe_unused]] ssize_t bytes = ::write(doorbell_.get(), &one, sizeof one);
}

}  // namespace tutti
