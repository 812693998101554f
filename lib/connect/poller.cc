// SPDX-License-Identifier: Apache-2.0
#include "lib/connect/poller.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"

#include "lib/base/clock.h"
#include "lib/connect/socket.h"

namespace tutti::connect {

absl::Status Poller::Open() {
  epoll_.Reset(::epoll_create1(EPOLL_CLOEXEC));
  timer_.Reset(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!epoll_.valid() || !timer_.valid() || !Add(timer_.get(), EPOLLIN, kTimerTag)) {
    return absl::ResourceExhaustedError(absl::StrCat("cannot make an epoll with a timer: ", SocketErrorName(errno),
                                                     "; is the limit of open files too low?"));
  }
  return absl::OkStatus();
}

bool Poller::Add(int fd, uint32_t events, uint64_t tag) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = tag;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::Modify(int fd, uint32_t events, uint64_t tag) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = tag;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

void Poller::Remove(int fd) { (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr); }

size_t Poller::Check(absl::Span<epoll_event> events) {
  const int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
  size_t count = n < 0 ? 0 : static_cast<size_t>(n);
  for (size_t i = 0; i < count; ++i) {
    if (events[i].data.u64 != kTimerTag) continue;
    SetTimer(-1);
    events[i--] = events[--count];
  }
  return count;
}

void Poller::SetTimer(int64_t delay_ns) {
  if (delay_ns < 0 && !timer_set_) return;
  itimerspec spec = {};
  if (delay_ns >= 0) {
    delay_ns = std::max<int64_t>(delay_ns, 1);  // zero would disarm it
    spec.it_value.tv_sec = delay_ns / kNsPerSecond;
    spec.it_value.tv_nsec = delay_ns % kNsPerSecond;
  }
  (void)::timerfd_settime(timer_.get(), 0, &spec, nullptr);
  timer_set_ = delay_ns >= 0;
}

}  // namespace tutti::connect
