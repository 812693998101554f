// SPDX-License-Identifier: Apache-2.0
#include "alarm.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "errors.h"

namespace tutti_torch {

Alarm::Alarm() : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
  if (fd_ < 0)
    Fail("making a timer", std::string(std::strerror(errno)) + ". Does the process have too many open files?");
}

Alarm::~Alarm() { close(fd_); }

void Alarm::Set(std::chrono::nanoseconds from_now) {
  const int64_t ns = std::max<int64_t>(from_now.count(), 1);  // 0 would stop it
  itimerspec time{};
  time.it_value.tv_sec = ns / 1'000'000'000;
  time.it_value.tv_nsec = ns % 1'000'000'000;
  timerfd_settime(fd_, 0, &time, nullptr);
}

void Alarm::Stop() {
  const itimerspec never{};
  timerfd_settime(fd_, 0, &never, nullptr);
}

void Alarm::Wait() {
  uint64_t times = 0;
  [[maybe_unused]] const ssize_t n = read(fd_, &times, sizeof times);
}

}  // namespace tutti_torch
