// SPDX-License-Identifier: Apache-2.0
// The time of one direction between two endpoints: when bytes have left, and when a packet arrives. It knows no
// packet's content and moves nothing.
#ifndef TUTTI_TRANSPORTS_SIM_LINK_H_
#define TUTTI_TRANSPORTS_SIM_LINK_H_

#include <cstdint>

#include "lib/base/prng.h"
#include "transports/sim/options.h"

namespace tutti::sim {

// Not thread-safe. Draws from a random stream of its own, so that traffic elsewhere does not change its history.
class Link {
 public:
  Link(const LinkModel& model, uint64_t seed, uint64_t stream) : model_(model), prng_(seed, stream) {}

  void set_model(const LinkModel& model) { model_ = model; }

  // Puts a packet of `bytes` behind those that are still leaving; returns when its last byte has left.
  int64_t Leave(int64_t now_ns, uint64_t bytes);

  // When a packet that left at left_ns arrives, not before not_before_ns; kForeverNs if all its copies are lost.
  int64_t Arrive(int64_t left_ns, int64_t not_before_ns);

  // As Arrive, for a packet that must come after all that went before it, and is never lost.
  int64_t ArriveLast(int64_t left_ns);

  // What would arrive before until_ns arrives afterwards instead.
  void Block(int64_t until_ns);
  int64_t blocked_until_ns() const { return blocked_until_ns_; }
  // The same, for what is already on its way.
  int64_t DelayWhileBlocked(int64_t arrival_ns) const;

  Prng& prng() { return prng_; }

 private:
  int64_t DrawLatencyNs();

  LinkModel model_;
  Prng prng_;
  int64_t free_ns_ = 0;  // when the next packet can begin to leave
  int64_t latest_arrival_ns_ = 0;
  int64_t blocked_until_ns_ = 0;
};

}  // namespace tutti::sim

#endif  // TUTTI_TRANSPORTS_SIM_LINK_H_
