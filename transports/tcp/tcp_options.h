// SPDX-License-Identifier: Apache-2.0
// What a TCP transport is told when it is made.
#ifndef TUTTI_TRANSPORTS_TCP_TCP_OPTIONS_H_
#define TUTTI_TRANSPORTS_TCP_TCP_OPTIONS_H_

#include <cstdint>
#include <string>

#include "lib/connect/connect_options.h"

namespace tutti::tcp {

// The base holds what it takes to meet the peers.
struct TcpOptions : connect::ConnectOptions {
  std::string bind_address;  // numeric IPv4 or IPv6 of one interface; never a wildcard: peers are told to connect to it

  uint64_t eager_bytes = 64 << 10;               // at most kMaxEagerBytes; a pair uses the smaller of its two values
  uint64_t unexpected_bytes_per_peer = 1 << 20;  // of small messages kept before their receive is posted
  uint64_t segment_bytes = 256 << 10;            // large messages are cut so, for others to pass; a multiple of 64
  uint64_t receive_buffer_bytes = 256 << 10;     // per connection; only touched pages take memory
  uint64_t burst_bytes = 1 << 20;                // most that one Poll reads, and writes, per connection
  uint64_t pacing_bytes_per_s = 0;               // most that is written to all peers together; 0: no limit
};

inline constexpr uint64_t kMaxEagerBytes = 1 << 20;
inline constexpr uint64_t kMaxMessageBytes = uint64_t{1} << 40;

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_TCP_OPTIONS_H_
