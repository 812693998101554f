// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/control_thread.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tutti {

absl::Status ControlThread::Start(const char* name, std::function<void()> body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread inherits it
  absl::Status status;
  try {
    thread_ = std::make_unique<std::thread>(std::move(body));
    owner_ = getpid();
    pthread_setname_np(thread_->native_handle(), name);
  } catch (const std::system_error& error) {
    status = absl::ResourceExhaustedError(absl::StrCat("cannot start a thread for the control plane: ", error.what()));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return status;
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
