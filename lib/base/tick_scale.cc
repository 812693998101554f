// SPDX-License-Identifier: Apache-2.0
#include "lib/base/tick_scale.h"

#include <algorithm>
#include <cstdlib>

#include "lib/base/clock.h"

namespace tutti {
namespace {

constexpr int64_t kLongestIntervalNs = 100 * kNsPerMs;

// A counter that is further away than this from where it was expected does not run evenly. The rate is known to a
// thousandth from the start, and much better soon.
constexpr int64_t kAllowedErrorNs = 20 * kNsPerUs;
constexpr int64_t kAllowedErrorFraction = 1000;

}  // namespace

void TickScale::Publish(uint64_t anchor_ticks, int64_t anchor_ns, uint64_t ns_per_tick, uint64_t interval_ticks) {
  const uint32_t version = version_.load(std::memory_order_relaxed);
  version_.store(version + 1, std::memory_order_relaxed);
  // Release, so that whoever sees one of them sees the odd version, too.
  anchor_ticks_.store(anchor_ticks, std::memory_order_release);
  anchor_ns_.store(anchor_ns, std::memory_order_release);
  ns_per_tick_.store(ns_per_tick, std::memory_order_release);
  interval_ticks_.store(interval_ticks, std::memory_order_release);
  version_.store(version + 2, std::memory_order_release);
}

bool TickScale::Start(const Sample& first, const Sample& second) {
  const int64_t elapsed_ns = second.reference_ns - first.reference_ns;
  const uint64_t elapsed_ticks = second.ticks - first.ticks;
  if (elapsed_ns < 100 * kNsPerUs || static_cast<int64_t>(elapsed_ticks) < elapsed_ns / 1000) return false;
  origin_ = first;
  const auto rate = static_cast<uint64_t>((static_cast<Int128>(elapsed_ns) << kShift) / elapsed_ticks);
  Publish(second.ticks, second.reference_ns, rate, elapsed_ticks);
  return true;
}

bool TickScale::Correct(const Sample& now) {
  const uint64_t anchor_ticks = anchor_ticks_.load(std::memory_order_relaxed);
  const int64_t since_ns = now.reference_ns - anchor_ns_.load(std::memory_order_relaxed);
  const auto since_ticks = static_cast<int64_t>(now.ticks - anchor_ticks);
  const uint64_t old_rate = ns_per_tick_.load(std::memory_order_relaxed);
  const int64_t expected_ns = NsAt(now.ticks);
  const int64_t uncertain_ns = Scaled(static_cast<int64_t>(now.uncertain_ticks), old_rate);
  const int64_t ahead_ns = expected_ns - now.reference_ns;
  if (std::abs(ahead_ns) > kAllowedErrorNs + std::abs(since_ns) / kAllowedErrorFraction + uncertain_ns) return false;
  // A sample that was interrupted, or comes right after the last, says less than the scale knows already.
  if (uncertain_ns > 5 * kNsPerUs || since_ticks <= 0 || since_ns <= 0) return true;
  worst_error_ns_.store(std::max(worst_error_ns(), std::abs(ahead_ns)), std::memory_order_relaxed);

  const int64_t elapsed_ns = now.reference_ns - origin_.reference_ns;
  const uint64_t elapsed_ticks = now.ticks - origin_.ticks;
  const int64_t interval_ns = std::clamp<int64_t>(elapsed_ns, 100 * kNsPerUs, kLongestIntervalNs);
  auto rate = (static_cast<Int128>(elapsed_ns) << kShift) / elapsed_ticks;
  const auto interval_ticks = static_cast<uint64_t>((static_cast<Int128>(interval_ns) << kShift) / rate);
  // Time that was given out already is not taken back; the scale goes slower until the reference has caught up.
  if (ahead_ns > 0) rate = rate * (interval_ns - std::min(ahead_ns, interval_ns / 2)) / interval_ns;
  Publish(now.ticks, std::max(now.reference_ns, expected_ns), static_cast<uint64_t>(rate), interval_ticks);
  return true;
}

double TickScale::ticks_per_second() const {
  const double ns_per_tick =
      static_cast<double>(ns_per_tick_.load(std::memory_order_relaxed)) / static_cast<double>(uint64_t{1} << kShift);
  return ns_per_tick > 0 ? 1e9 / ns_per_tick : 0;
}

}  // namespace tutti
