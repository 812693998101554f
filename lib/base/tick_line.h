// SPDX-License-Identifier: Apache-2.0
// How ticks of a counter are turned into nanoseconds: plain data, good for a while (lib/base/tick_scale.h).
#ifndef TUTTI_LIB_BASE_TICK_LINE_H_
#define TUTTI_LIB_BASE_TICK_LINE_H_

#include <cstdint>

namespace tutti {

__extension__ typedef __int128 Int128;

// The straight line by which ticks are nanoseconds, until a correction is due.
struct TickLine {
  static constexpr int kShift = 40;  // ns_per_tick is a fixed-point number with so many bits behind the point

  uint64_t anchor_ticks = 0;
  uint64_t good_for_ticks = 0;  // from the anchor on
  int64_t anchor_ns = 0;
  uint64_t ns_per_tick = 0;

  bool Holds(uint64_t ticks) const { return ticks - anchor_ticks < good_for_ticks; }
  int64_t NsAt(uint64_t ticks) const {
    return anchor_ns + Scaled(static_cast<int64_t>(ticks - anchor_ticks), ns_per_tick);
  }
  static int64_t Scaled(int64_t ticks, uint64_t ns_per_tick) {
    return static_cast<int64_t>((static_cast<Int128>(ticks) * static_cast<Int128>(ns_per_tick)) >> kShift);
  }
};

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_TICK_LINE_H_
