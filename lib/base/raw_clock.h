// SPDX-License-Identifier: Apache-2.0
// The clock of telemetry: CLOCK_MONOTONIC_RAW, which nothing sets or slews, and which all processes of a host share. Where
// the processor's time stamp counter is invariant and the kernel itself keeps time by it, the clock is read from the counter
// and checked against the kernel's ten times a second; else, or once the counter has been caught lying, from the kernel.
#ifndef TUTTI_LIB_BASE_RAW_CLOCK_H_
#define TUTTI_LIB_BASE_RAW_CLOCK_H_

#include <cstdint>
#include <string>

#include "lib/base/clock.h"

namespace tutti {

// Any thread; valid for the life of the process. The first call takes 0.2 ms.
Clock& RawClock();

struct RawClockInfo {
  bool reads_counter = false;
  std::string why_not;         // if it does not
  double counter_hz = 0;       // as measured
  int64_t worst_error_ns = 0;  // the largest difference to the kernel's clock that a check has found
};
RawClockInfo DescribeRawClock();

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_RAW_CLOCK_H_
