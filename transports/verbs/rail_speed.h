// SPDX-License-Identifier: Apache-2.0
// What one rail has recently achieved, and so when it would be done with some more bytes. It knows bytes and times; it
// never knows whose they are.
#ifndef TUTTI_TRANSPORTS_VERBS_RAIL_SPEED_H_
#define TUTTI_TRANSPORTS_VERBS_RAIL_SPEED_H_

#include <cstdint>

#include "lib/base/clock.h"

namespace tutti::verbs {

class RailSpeed {
 public:
  // This rank allows its peers to write so many bytes.
  void Granted(uint64_t bytes) { outstanding_ += bytes; }
  // They will not come.
  void Revoked(uint64_t bytes) {
    outstanding_ -= bytes;
    last_ns_ = 0;
  }
  // They have come. The time since the ones before them is what they took, if they were on their way all the while: the
  // first ones after a pause may have had to wait for their sender, and say nothing.
  void Arrived(uint64_t bytes, int64_t now_ns) {
    outstanding_ -= bytes;
    if (last_ns_ != 0) {
      bytes_ += static_cast<double>(bytes);
      busy_ns_ += static_cast<double>(now_ns - last_ns_);
    }
    last_ns_ = outstanding_ > 0 ? now_ns : 0;
    if (busy_ns_ < kMemoryNs) return;
    // What is older counts half.
    bytes_ /= 2;
    busy_ns_ /= 2;
  }

  uint64_t outstanding_bytes() const { return outstanding_; }
  // Bytes per ns; 0: not known yet.
  double rate() const { return busy_ns_ < kLeastNs ? 0 : bytes_ / busy_ns_; }

 private:
  static constexpr double kMemoryNs = 200.0 * kNsPerMs;
  static constexpr double kLeastNs = 0.1 * kNsPerMs;

  uint64_t outstanding_ = 0;
  int64_t last_ns_ = 0;  // of the last arrival, if there was something outstanding since
  double bytes_ = 0;
  double busy_ns_ = 0;
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_RAIL_SPEED_H_
