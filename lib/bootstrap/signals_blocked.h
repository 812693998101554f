// SPDX-License-Identifier: Apache-2.0
// While it lives, the thread takes no signals, and threads that it starts never do: they are the application's.
#ifndef TUTTI_LIB_BOOTSTRAP_SIGNALS_BLOCKED_H_
#define TUTTI_LIB_BOOTSTRAP_SIGNALS_BLOCKED_H_

#include <pthread.h>
#include <signal.h>

namespace tutti {

class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_SIGNALS_BLOCKED_H_
