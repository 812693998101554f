// SPDX-License-Identifier: Apache-2.0
// Waiting on a condition variable until a deadline of tutti's monotonic clock, as far away as it may be.
#ifndef TUTTI_LIB_BOOTSTRAP_TIMED_WAIT_H_
#define TUTTI_LIB_BOOTSTRAP_TIMED_WAIT_H_

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "lib/base/clock.h"

namespace tutti {

// True when `condition` holds (it is called with the lock held), false when the deadline passed before.
template <typename Condition>
bool WaitUntil(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t deadline_ns,
               Condition&& condition) {
  while (!condition()) {
    const int64_t left_ns = deadline_ns - MonotonicClock().NowNs();
    if (left_ns <= 0) return false;
    // Against the steady clock, which is the same one; in parts, so that no far deadline overflows inside the library.
    changed.wait_for(lock, std::chrono::nanoseconds(std::min(left_ns, 3600 * kNsPerSecond)));
  }
  return true;
}

}  // namespace tutti

#endif  // TUTTI_LIB_BOOTSTRAP_TIMED_WAIT_H_
