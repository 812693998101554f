// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/operation_timing.h"

#include <algorithm>

namespace tutti {

OperationTiming SplitTime(const OperationMarks& marks) {
  const Arrivals& arrivals = marks.arrivals;
  OperationTiming timing;
  timing.arrived_ns = arrivals.own_ns();
  timing.total_ns = std::max<int64_t>(marks.finished_ns - arrivals.own_ns(), 0);

  // Each part is what it was measured to be, but never more than what is left: two hosts' clocks may disagree a little.
  int64_t left_ns = timing.total_ns;
  const auto take = [&left_ns](int64_t ns) {
    const int64_t taken = std::clamp<int64_t>(ns, 0, left_ns);
    left_ns -= taken;
    return taken;
  };
  timing.queued_ns = take(marks.begun_ns - arrivals.own_ns());
  timing.reduced_ns = take(marks.reduced_ns);
  const bool someone_later = arrivals.last_rank() != arrivals.own_rank();
  if (someone_later) timing.waited_ns = take(arrivals.last_ns() - std::max(arrivals.own_ns(), marks.begun_ns));
  timing.moved_ns = left_ns;

  timing.last_rank = arrivals.last_rank();
  if (someone_later) {
    timing.last_by_ns = arrivals.last_ns() - arrivals.own_ns();
    timing.last_error_ns = arrivals.error_ns();
  } else if (arrivals.last_other_ns() != Arrivals::kLongAgo) {
    timing.last_by_ns = arrivals.own_ns() - arrivals.last_other_ns();
    timing.last_error_ns = arrivals.last_other_error_ns();
  }
  timing.slowest = marks.slowest;
  return timing;
}

}  // namespace tutti
