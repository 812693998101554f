// SPDX-License-Identifier: Apache-2.0
// What a TCP transport is told when it is made.
#ifndef TUTTI_TRANSPORTS_TCP_TCP_OPTIONS_H_
#define TUTTI_TRANSPORTS_TCP_TCP_OPTIONS_H_

#include <cstdint>
#include <string>

#include "lib/base/clock.h"

namespace tutti::tcp {

struct TcpOptions {
  int32_t rank = 0;
  int32_t size = 1;
  std::string bind_address;  // numeric IPv4 or IPv6 of one interface; never a wildcard: peers are told to connect to it
  std::string secret;        // any bytes, not empty; every rank of the job has the same
  Clock* clock = nullptr;    // borrowed; nullptr: MonotonicClock()

  uint64_t eager_bytes = 16 << 10;               // at most kMaxEagerBytes; a pair uses the smaller of its two values
  uint64_t unexpected_bytes_per_peer = 1 << 20;  // of small messages kept before their receive is posted
  uint64_t segment_bytes = 256 << 10;            // large messages are cut so, for others to pass; a multiple of 64
  uint64_t receive_buffer_bytes = 256 << 10;     // per connection; only touched pages take memory
  uint64_t burst_bytes = 1 << 20;                // most that one Poll reads, and writes, per connection
  int socket_send_bytes = 0;                     // SO_SNDBUF; 0: the kernel tunes it
  int socket_receive_bytes = 0;                  // SO_RCVBUF; 0: the kernel tunes it

  int64_t connect_timeout_ns = 10 * kNsPerSecond;    // without any sign of the peer
  int64_t half_open_timeout_ns = 2 * kNsPerSecond;   // an accepted connection must prove itself in this time
  int max_half_open = 64;                            // accepted and unproved at once; more wait in the kernel's queue
  int64_t dead_peer_timeout_ns = 20 * kNsPerSecond;  // unacknowledged bytes or keep-alives: the host has vanished
};

inline constexpr uint64_t kMaxEagerBytes = 1 << 20;
inline constexpr uint64_t kMaxMessageBytes = uint64_t{1} << 40;

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_TCP_OPTIONS_H_
