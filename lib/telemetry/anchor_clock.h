// SPDX-License-Identifier: Apache-2.0
// Where two ranks of different hosts exchange messages one way only (in rings and trees), the messages prove how far the sender's
// clock is ahead at least, and nothing says how far at most. But each rank also knows, from questions to the service there, how its
// clock stands to that of rank 0, and what two ranks know of a third clock adds up.
//
//   sender's clock - receiver's  <=  (sender's - rank 0's) at most  +  (rank 0's - receiver's) at most
//
// It knows numbers. THREADS. Plain data.
#ifndef TUTTI_LIB_TELEMETRY_ANCHOR_CLOCK_H_
#define TUTTI_LIB_TELEMETRY_ANCHOR_CLOCK_H_

#include <cstdint>

#include "lib/telemetry/peer_clock.h"

namespace tutti {

class AnchorClock {
 public:
  static constexpr int64_t kUnknown = PeerClock::kUnknown;

  // Of a rank on rank 0's host: it is the same clock.
  static AnchorClock Same() {
    AnchorClock anchor;
    anchor.is_same_ = true;
    return anchor;
  }

  // Rank 0's clock showed rank_0_ns at some moment between asked_ns and heard_ns.
  void Heard(int64_t asked_ns, int64_t rank_0_ns, int64_t heard_ns) {
    clock_.Heard(rank_0_ns, rank_0_ns - asked_ns, heard_ns);
  }

  // By how much at most this rank's clock is ahead of rank 0's, and rank 0's of this rank's. Either may be negative.
  int64_t MostAheadNs(int64_t now_ns) const { return is_same_ ? 0 : clock_.BoundForPeer(now_ns); }
  int64_t MostBehindNs(int64_t now_ns) const { return is_same_ ? 0 : clock_.MostAheadNs(now_ns); }

 private:
  bool is_same_ = false;
  PeerClock clock_;  // rank 0's
};

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_ANCHOR_CLOCK_H_
