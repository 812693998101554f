// SPDX-License-Identifier: Apache-2.0
// A thread of the control plane: named, with all signals blocked (they are the application's), and harmless in a
// forked child, where the thread does not exist.
#ifndef TUTTI_LIB_BOOTSTRAP_CONTROL_THREAD_H_
#define TUTTI_LIB_BOOTSTRAP_CONTROL_THREAD_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <thread>

#include "absl/status/status.h"

namespace tutti {

class ControlThread {
 public:
  ControlThread() = default;
  ~ControlThread() { Join(); }
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  // name: at most 15 characters. Once per object. ResourceExhausted if the system gives no thread.
  absl::Status Start(const char* name, std::function<void()> body);

  // Waits until the body has returned. A no-op if there is no thread, the second time, and in a forked child.
  void Join();

  // True in a child that was forked after Start: locks may be held by threads that do not exist.
  bool InForkedChild() const;

 private:
  std::unique_ptr<std::thread> thread_;
  pid_t owner_ = -1;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_CONTROL_THREAD_H_
