// SPDX-License-Identifier: Apache-2.0
// A clock that stands still until a simulation moves it.
#ifndef TUTTI_TRANSPORTS_SIM_VIRTUAL_CLOCK_H_
#define TUTTI_TRANSPORTS_SIM_VIRTUAL_CLOCK_H_

#include <cstdint>

#include "lib/base/clock.h"

namespace tutti::sim {

// Not thread-safe. Begins at 0.
class VirtualClock final : public Clock {
 public:
  int64_t NowNs() override { return now_ns_; }
  int64_t now_ns() const { return now_ns_; }

  // Moves forward to time_ns; a time in the past changes nothing.
  void AdvanceTo(int64_t time_ns) {
    if (time_ns > now_ns_) now_ns_ = time_ns;
  }

 private:
  int64_t now_ns_ = 0;
};

}  // namespace tutti::sim

#endif  // TUTTI_TRANSPORTS_SIM_VIRTUAL_CLOCK_H_
