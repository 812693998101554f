// SPDX-License-Identifier: Apache-2.0
// A clock for one reader that looks often, amid data that fill the caches: where the clock is kept by the processor's counter,
// the reader keeps what its ticks are worth beside its own data, and a look touches nothing else.
#ifndef TUTTI_LIB_BASE_NEAR_CLOCK_H_
#define TUTTI_LIB_BASE_NEAR_CLOCK_H_

#include <cstdint>

#include "lib/base/clock.h"
#include "lib/base/counter.h"
#include "lib/base/tick_line.h"

namespace tutti {

// One thread at a time. Its times are those of `clock`, to within what a correction changes (some 10 ns).
class NearClock {
 public:
  explicit NearClock(Clock& clock) : clock_(clock) {}

  int64_t NowNs() {
    const uint64_t ticks = ReadCounter();
    if (line_.Holds(ticks)) [[likely]]
      return line_.NsAt(ticks);
    const int64_t now_ns = clock_.NowNs();
    line_ = clock_.Line();
    return now_ns;
  }

 private:
  TickLine line_;
  Clock& clock_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_NEAR_CLOCK_H_
