// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/control_thread.h"

#include <pthread.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/bootstrap/signals_blocked.h"

namespace tutti {

absl::Status ControlThread::Start(const char* name, std::function<void()> body) {
  const SignalsBlocked blocked;
  try {
    thread_ = std::make_unique<std::thread>(std::move(body));
    owner_ = getpid();
    pthread_setname_np(thread_->native_handle(), name);
  } catch (const std::system_error& error) {
    return absl::ResourceExhaustedError(absl::StrCat("cannot start a thread for the control plane: ", error.what()));
  }
  return absl::OkStatus();
}

bool ControlThread::InForkedChild() const { return owner_ != -1 && owner_ != getpid(); }

void ControlThread::Join() {
  if (thread_ == nullptr) return;
  if (InForkedChild()) {
    // There is nothing to join, and destroying a std::thread that was never joined would end the process.
    static_cast<void>(thread_.release());
    return;
  }
  thread_->join();
  thread_.reset();
}

}  // namespace tutti
