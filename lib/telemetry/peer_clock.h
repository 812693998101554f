// SPDX-License-Identifier: Apache-2.0
// How far the clock of a rank on another host is ahead of this one's, learnt from the messages that pass anyway.
//
// No message arrives before it was sent. So one from the peer, sent at s by its clock and received at r by ours, proves that
// its clock is ahead by at least s - r; and when the peer tells us what our messages proved to it, that is the most. What is
// between the two is the answer with its error; the quickest messages in both directions make it narrow (a minimum filter).
// With time the bounds move apart as fast as two clocks may drift, until later messages narrow them again. Once it is known
// over a while, the drift itself is taken into account.
//
// It knows numbers, nothing of messages. THREADS. The driver's own.
#ifndef TUTTI_LIB_TELEMETRY_PEER_CLOCK_H_
#define TUTTI_LIB_TELEMETRY_PEER_CLOCK_H_

#include <cstdint>

namespace tutti {

class PeerClock {
 public:
  static constexpr int64_t kUnknown = INT64_MAX;

  // A message came: sent at sent_ns by the peer's clock (kUnknown: it did not say), received at now_ns by ours.
  // `bound_ns`: what the peer says is the most that our clock can be behind the peer's (kUnknown: it does not know).
  void Heard(int64_t sent_ns, int64_t bound_ns, int64_t now_ns);

  // For the next message to the peer: the most that the peer's clock can be behind ours; kUnknown before the first.
  int64_t BoundForPeer(int64_t now_ns) const;

  // The most by which the peer's clock is ahead of ours; kUnknown if nothing says so.
  int64_t MostAheadNs(int64_t now_ns) const;

  struct Offset {
    int64_t ns = 0;  // the peer's clock minus ours
    int64_t error_ns = kUnknown;
    bool known() const { return error_ns != kUnknown; }
  };
  Offset At(int64_t now_ns) const;

  // Parts in a billion by which the peer's clock runs faster, and how well that is known.
  double drift_ppb() const { return drift_ppb_; }
  double drift_error_ppb() const { return drift_error_ppb_; }

 private:
  // Quartz is good for 50 parts in a million, and there are two of them.
  static constexpr double kLargestDriftPpb = 100'000;

  struct Bounds {
    int64_t low_ns;
    int64_t high_ns;
  };
  Bounds BoundsAt(int64_t now_ns) const;
  void LearnDrift(int64_t now_ns);
  void Forget();

  bool has_low_ = false;
  bool has_high_ = false;
  int64_t low_ns_ = 0;  // both as of at_ns_
  int64_t high_ns_ = 0;
  int64_t at_ns_ = 0;

  double drift_ppb_ = 0;
  double drift_error_ppb_ = kLargestDriftPpb;
  bool has_reference_ = false;
  int64_t reference_at_ns_ = 0;
  Offset reference_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_PEER_CLOCK_H_
