// SPDX-License-Identifier: Apache-2.0
#include "lib/base/clock.h"

#include <time.h>

namespace tutti {
namespace {

int64_t ReadNs(clockid_t id) {
  // Cannot fail: both clocks always exist on Linux, and the address is valid.
  timespec now = {};
  clock_gettime(id, &now);
  return static_cast<int64_t>(now.tv_sec) * kNsPerSecond + now.tv_nsec;
}

class HostMonotonicClock final : public Clock {
 public:
  int64_t NowNs() override { return ReadNs(CLOCK_MONOTONIC); }
};

}  // namespace

Clock& MonotonicClock() {
  // Has no state, so that destruction at exit leaves nothing for a late thread to trip over.
  static HostMonotonicClock clock;
  return clock;
}

int64_t UnixNowNs() { return ReadNs(CLOCK_REALTIME); }

}  // namespace tutti
