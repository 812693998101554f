// SPDX-License-Identifier: Apache-2.0
// What a simulated network is like, as plain data: latency, bandwidth, loss, limits. Read by Network; knows no state.
#ifndef TUTTI_TRANSPORTS_SIM_OPTIONS_H_
#define TUTTI_TRANSPORTS_SIM_OPTIONS_H_

#include <cstdint>

#include "transports/sim/fault_plan.h"

namespace tutti::sim {

enum class Jitter : uint8_t {
  kUniform,      // 0 .. jitter_ns
  kExponential,  // mean jitter_ns, without an upper end
};

// One direction between two endpoints. All times are virtual.
struct LinkModel {
  int64_t latency_ns = 2'000;
  Jitter jitter = Jitter::kUniform;
  int64_t jitter_ns = 0;

  // Now and then a packet is late by a further 0 .. tail_ns.
  double tail_probability = 0;
  int64_t tail_ns = 0;

  uint64_t bytes_per_second = 10'000'000'000;  // 0: without limit
  int64_t per_packet_ns = 0;                   // the sender's cost of each packet that carries payload

  // A lost packet is sent again after the timeout, which doubles with every loss of the same packet. When
  // max_retransmits are lost too, the path between the two endpoints counts as cut.
  double loss_probability = 0;
  int64_t retransmit_timeout_ns = 200'000;
  int max_retransmits = 20;

  // True: packets arrive in the order in which they left (one TCP connection). False: a message may overtake another;
  // the parts of one message never do.
  bool in_order = false;
};

struct NetworkOptions {
  int32_t size = 2;   // endpoints: ranks 0 .. size - 1
  uint64_t seed = 1;  // of everything that is random here
  LinkModel link;     // every ordered pair, unless Network::SetLink says otherwise

  uint64_t eager_bytes = 4096;
  uint64_t max_message_bytes = uint64_t{1} << 30;

  // What one endpoint keeps of one peer's messages that came before their receives: payload plus kKeptMessageBytes
  // each. A message that does not fit is announced, and moves when its receive is posted.
  uint64_t unexpected_bytes = 64 * 1024;

  // Large messages travel, and are shown to receives without a buffer, in pieces of this length. Rounded up to a
  // multiple of kViewGranularity.
  uint64_t segment_bytes = 32 * 1024;

  // True: a piece is shown in several random parts, rather than whole.
  bool split_views = true;

  // True: a send that fits is copied and done at once (its bytes may still wait to leave: HasUnsentBytes). False: it is
  // done when its bytes have left.
  bool complete_sends_early = false;

  // From the death of an endpoint or the cut of a path until the others are told.
  int64_t detection_ns = 1'000'000;

  FaultPlan faults;
};

// Counted against NetworkOptions::unexpected_bytes for each message kept, so that empty ones are bounded too.
inline constexpr uint64_t kKeptMessageBytes = 64;

// A network whose latencies, loss, ordering and limits (not: faults) are drawn from the seed. Losses stay rare enough
// for every message to arrive.
NetworkOptions RandomNetworkOptions(int32_t size, uint64_t seed);

}  // namespace tutti::sim

#endif  // TUTTI_TRANSPORTS_SIM_OPTIONS_H_
