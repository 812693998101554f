// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/operation_timing.h"

#include <algorithm>

namespace tutti {
namespace {

// Times of other ranks may be anything.
int64_t Minus(int64_t a, int64_t b) {
  int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return a > b ? INT64_MAX : INT64_MIN;
  return difference;
}

}  // namespace

TimeParts PartsOf(const OperationMarks& marks) {
  const Arrivals& arrivals = marks.arrivals;
  TimeParts timing;
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
  timing.coded_ns = take(marks.coded_ns);
  const bool someone_later = arrivals.last().rank != arrivals.own_rank();
  if (someone_later) timing.waited_ns = take(Minus(arrivals.last().ns, std::max(arrivals.own_ns(), marks.begun_ns)));
  timing.moved_ns = left_ns;

  timing.last_rank = arrivals.last().rank;
  if (someone_later) {
    timing.last_by_ns = Minus(arrivals.last().ns, arrivals.own_ns());
    timing.last_error_ns = arrivals.last().error_ns;
  } else if (arrivals.second().rank >= 0) {
    timing.last_by_ns = Minus(arrivals.own_ns(), arrivals.second().ns);
    timing.last_error_ns = arrivals.second().error_ns;
  }
  return timing;
}

OperationTiming SplitTime(const OperationMarks& marks) {
  return {PartsOf(marks), marks.arrivals.own_ns(), marks.slowest};
}

}  // namespace tutti
