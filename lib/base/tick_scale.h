// SPDX-License-Identifier: Apache-2.0
// Turns ticks of a fast counter into nanoseconds of a reference clock that is slower to read. It is told now and then what
// both show at the same moment, and follows; it notices a counter that cannot be followed. It reads no clock itself.
//
// The rate is measured over all the time since the start, so it becomes exact: an error of a reading of 30 ns is 30 ppm
// after a millisecond, and 0.03 ppm after a second. Between two corrections the scale is off by about one reading's error.
//
// THREADS. Start and Correct: one at a time. The rest: any, at any time.
#ifndef TUTTI_LIB_BASE_TICK_SCALE_H_
#define TUTTI_LIB_BASE_TICK_SCALE_H_

#include <atomic>
#include <cstdint>

#include "lib/base/tick_line.h"

namespace tutti {

class TickScale {
 public:
  // Both clocks at one moment, as exactly as it could be had: the counter showed `ticks`, give or take uncertain_ticks.
  struct Sample {
    uint64_t ticks = 0;
    uint64_t uncertain_ticks = 0;
    int64_t reference_ns = 0;
  };

  // `first` and `second` are at least 100 us apart. False: no counter of at least 1 MHz, nothing to work with.
  bool Start(const Sample& first, const Sample& second);

  // False if the counter cannot be trusted: it jumped, stopped or changed its rate. Then NsAt must not be used any more.
  bool Correct(const Sample& now);

  // Whether a sample is due.
  bool WantsCorrection(uint64_t ticks) const {
    return static_cast<int64_t>(ticks - anchor_ticks_.load(std::memory_order_relaxed)) >
           static_cast<int64_t>(interval_ticks_.load(std::memory_order_relaxed));
  }

  // Never runs backwards for a counter that does not.
  int64_t NsAt(uint64_t ticks) const { return line().NsAt(ticks); }

  // The scale as it is now.
  TickLine line() const {
    for (;;) {
      const uint32_t before = version_.load(std::memory_order_acquire);
      // Acquire, so that the version is looked at again only after them.
      const TickLine line{anchor_ticks_.load(std::memory_order_acquire),
                          interval_ticks_.load(std::memory_order_acquire), anchor_ns_.load(std::memory_order_acquire),
                          ns_per_tick_.load(std::memory_order_acquire)};
      if ((before & 1) == 0 && version_.load(std::memory_order_relaxed) == before) return line;
    }
  }

  // The largest difference to the reference that a correction has found.
  int64_t worst_error_ns() const { return worst_error_ns_.load(std::memory_order_relaxed); }
  double ticks_per_second() const;

 private:
  static constexpr int kShift = TickLine::kShift;

  static int64_t Scaled(int64_t ticks, uint64_t ns_per_tick) { return TickLine::Scaled(ticks, ns_per_tick); }
  void Publish(uint64_t anchor_ticks, int64_t anchor_ns, uint64_t ns_per_tick, uint64_t interval_ticks);

  Sample origin_;
  std::atomic<uint32_t> version_{0};  // odd while the four below change
  std::atomic<uint64_t> anchor_ticks_{0};
  std::atomic<int64_t> anchor_ns_{0};
  std::atomic<uint64_t> ns_per_tick_{0};
  std::atomic<uint64_t> interval_ticks_{0};
  std::atomic<int64_t> worst_error_ns_{0};
};

}  // namespace tutti

#endif  // TUTTI_LIB_BASE_TICK_SCALE_H_
