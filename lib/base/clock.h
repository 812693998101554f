// SPDX-License-Identifier: Apache-2.0
// The one place that reads the time. Everything else is handed a Clock, so that tests and the simulated transport can
// run on a time of their own. It must never know who asks, or why.
#ifndef TUTTI_LIB_BASE_CLOCK_H_
#define TUTTI_LIB_BASE_CLOCK_H_

#include <cstdint>

#include "lib/base/tick_line.h"

namespace tutti {

inline constexpr int64_t kNsPerUs = 1000;
inline constexpr int64_t kNsPerMs = 1000 * 1000;
inline constexpr int64_t kNsPerSecond = 1000 * 1000 * 1000;

// The latest time there is: a deadline that never passes.
inline constexpr int64_t kForeverNs = INT64_MAX;

class Clock {
 public:
  virtual ~Clock() = default;

  // Nanoseconds since an arbitrary origin; never runs backwards. Whether several threads may call is for the clock to
  // say.
  virtual int64_t NowNs() = 0;

  // What the processor's counter says about this clock, until a correction is due; one that never holds if it says nothing.
  virtual TickLine Line() const { return {}; }
};

// The host's monotonic clock: the same origin for all processes of one host, no jumps when the date is set.
// Any thread; valid for the life of the process.
Clock& MonotonicClock();

// Nanoseconds since 1970-01-01 UTC, for stamps that people or other hosts read. May jump: never compute a deadline
// from it. Any thread.
int64_t UnixNowNs();

// now_ns + duration_ns, held within the range: a deadline so far away that it overflows never passes.
constexpr int64_t DeadlineAfterNs(int64_t now_ns, int64_t duration_ns) {
  int64_t sum = 0;
  if (__builtin_add_overflow(now_ns, duration_ns, &sum)) return duration_ns > 0 ? kForeverNs : INT64_MIN;
  return sum;
}

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_CLOCK_H_
