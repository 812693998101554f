// SPDX-License-Identifier: Apache-2.0
// How a thread waits when nothing moves: it spins, then yields the core, then sleeps.
#ifndef TUTTI_LIB_ENGINE_BACKOFF_H_
#define TUTTI_LIB_ENGINE_BACKOFF_H_

#include <sched.h>

#include <cstdint>

namespace tutti {

struct WaitOptions {
  int64_t spin_ns = 50'000;    // keep the core, so as to answer at once
  int64_t yield_ns = 200'000;  // then offer it to whoever is ready to run
  bool may_sleep = true;       // then sleep until something arrives; otherwise go on yielding
};

// One pause of a spinning core.
inline void SpinPause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

class Backoff {
 public:
  static constexpr uint64_t kLooksPerClock = 8;

  explicit Backoff(const WaitOptions& options) : options_(options) {}

  void Reset() {
    looks_ = 0;
    idle_ns_ = 0;
  }

  // Nothing has moved: pauses or yields and returns false, or returns true: the caller should sleep. Asks now_ns() what the
  // time is only once in kLooksPerClock calls: a look at the clock costs as much as a look for work, or, where it is a
  // system call, far more.
  template <typename Now>
  bool Idle(Now now_ns) {
    if (++looks_ % kLooksPerClock == 0) {
      if (looks_ == kLooksPerClock)
        idle_since_ns_ = now_ns();
      else
        idle_ns_ = now_ns() - idle_since_ns_;
    }
    if (idle_ns_ < options_.spin_ns) {
      SpinPause();
      return false;
    }
    if (idle_ns_ < options_.spin_ns + options_.yield_ns || !options_.may_sleep) {
      ::sched_yield();
      return false;
    }
    return true;
  }

 private:
  const WaitOptions& options_;
  uint64_t looks_ = 0;  // in vain, since something moved
  int64_t idle_since_ns_ = 0;
  int64_t idle_ns_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_BACKOFF_H_
