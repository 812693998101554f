// SPDX-License-Identifier: Apache-2.0
// A thread's alarm clock, which others set and stop without waking it.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_ALARM_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_ALARM_H_

#include <chrono>

namespace tutti_torch {

class Alarm {
 public:
  Alarm();  // throws if the system has no timer or descriptor left
  ~Alarm();
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  // Any thread. The last call counts.
  void Set(std::chrono::nanoseconds from_now);
  void Stop();

  // Returns when the alarm goes off, at once if it already has; may return for no reason. One thread at a time.
  void Wait();

 private:
  const int fd_;
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_ALARM_H_
