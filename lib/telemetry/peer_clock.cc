// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/peer_clock.h"

#include <algorithm>
#include <cmath>

#include "lib/base/clock.h"

namespace tutti {
namespace {

// Beyond these the numbers are nonsense, or PeerClock::kUnknown, and their sums could overflow.
constexpr int64_t kLargestOffsetNs = INT64_MAX / 8;

bool IsSane(int64_t ns) { return ns > -kLargestOffsetNs && ns < kLargestOffsetNs; }

// A rate is taken from times so far apart; later it is taken anew now and then, because temperatures change.
constexpr int64_t kShortestBaselineNs = kNsPerSecond;
constexpr int64_t kLongestBaselineNs = 60 * kNsPerSecond;
constexpr double kDriftChangePpb = 1'000;

// Of messages that do not say when they left.
constexpr int64_t kUsualTravelNs = 100 * kNsPerMs;

double After(int64_t elapsed_ns, double ppb) { return static_cast<double>(elapsed_ns) * ppb * 1e-9; }

}  // namespace

PeerClock::Bounds PeerClock::BoundsAt(int64_t now_ns) const {
  const int64_t elapsed_ns = std::max<int64_t>(now_ns - at_ns_, 0);
  const double moved_ns = After(elapsed_ns, drift_ppb_);
  const double wider_ns = After(elapsed_ns, drift_error_ppb_);
  return {low_ns_ + static_cast<int64_t>(std::floor(moved_ns - wider_ns)),
          high_ns_ + static_cast<int64_t>(std::ceil(moved_ns + wider_ns))};
}

void PeerClock::Forget() {
  has_low_ = has_high_ = has_reference_ = false;
  drift_ppb_ = 0;
  drift_error_ppb_ = kLargestDriftPpb;
}

void PeerClock::Heard(int64_t sent_ns, int64_t bound_ns, int64_t now_ns) {
  if (!IsSane(now_ns)) return;
  if (!has_low_ && !has_high_) at_ns_ = now_ns;
  Bounds bounds = BoundsAt(now_ns);
  at_ns_ = std::max(at_ns_, now_ns);
  if (IsSane(sent_ns)) {
    bounds.low_ns = has_low_ ? std::max(bounds.low_ns, sent_ns - now_ns) : sent_ns - now_ns;
    has_low_ = true;
  }
  if (IsSane(bound_ns)) {
    // It was true when the message left.
    const bool dated = IsSane(sent_ns);
    const int64_t travelled_ns = dated ? std::max<int64_t>(now_ns - sent_ns + bound_ns, 0) : kUsualTravelNs;
    const double moved_ns = After(travelled_ns, std::abs(drift_ppb_) + drift_error_ppb_);
    const int64_t high_ns = bound_ns + static_cast<int64_t>(std::ceil(moved_ns));
    bounds.high_ns = has_high_ ? std::min(bounds.high_ns, high_ns) : high_ns;
    has_high_ = true;
  }
  low_ns_ = bounds.low_ns;
  high_ns_ = bounds.high_ns;
  if (!has_low_ || !has_high_) return;
  if (low_ns_ <= high_ns_) return LearnDrift(now_ns);
  // A clock has jumped, or drifts more than any does: what was known is wrong. What this message proves is not, and lets
  // the peer find out the same.
  Forget();
  at_ns_ = now_ns;
  if (!IsSane(sent_ns)) return;
  has_low_ = true;
  low_ns_ = sent_ns - now_ns;
}

void PeerClock::LearnDrift(int64_t now_ns) {
  const Offset offset = At(now_ns);
  const int64_t baseline_ns = now_ns - reference_at_ns_;
  if (has_reference_ && baseline_ns >= kShortestBaselineNs) {
    const double rate_ppb = static_cast<double>(offset.ns - reference_.ns) * 1e9 / static_cast<double>(baseline_ns);
    const double error_ppb =
        static_cast<double>(offset.error_ns + reference_.error_ns) * 1e9 / static_cast<double>(baseline_ns) +
        kDriftChangePpb;
    if (error_ppb < drift_error_ppb_) {
      drift_ppb_ = rate_ppb;
      drift_error_ppb_ = error_ppb;
    }
  }
  const bool better = has_reference_ && baseline_ns < kShortestBaselineNs && offset.error_ns < reference_.error_ns;
  if (has_reference_ && !better && baseline_ns < kLongestBaselineNs) return;
  if (has_reference_ && !better) drift_error_ppb_ = std::min(drift_error_ppb_ + kDriftChangePpb, kLargestDriftPpb);
  has_reference_ = true;
  reference_at_ns_ = now_ns;
  reference_ = offset;
}

int64_t PeerClock::BoundForPeer(int64_t now_ns) const {
  if (!has_low_) return kUnknown;
  return -BoundsAt(now_ns).low_ns;
}

int64_t PeerClock::MostAheadNs(int64_t now_ns) const {
  if (!has_high_) return kUnknown;
  return BoundsAt(now_ns).high_ns;
}

PeerClock::Offset PeerClock::At(int64_t now_ns) const {
  if (!has_low_ || !has_high_) return {};
  const Bounds bounds = BoundsAt(now_ns);
  return {bounds.low_ns + (bounds.high_ns - bounds.low_ns) / 2, (bounds.high_ns - bounds.low_ns + 1) / 2};
}

}  // namespace tutti
