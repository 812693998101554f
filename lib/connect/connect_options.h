// SPDX-License-Identifier: Apache-2.0
// What it takes to meet the other ranks of a job, whatever the sockets: who this is, the secret, and how patient.
#ifndef TUTTI_LIB_CONNECT_CONNECT_OPTIONS_H_
#define TUTTI_LIB_CONNECT_CONNECT_OPTIONS_H_

#include <cstdint>
#include <string>

#include "lib/base/clock.h"

namespace tutti::connect {

struct ConnectOptions {
  int32_t rank = 0;
  int32_t size = 1;
  std::string secret;      // any bytes, not empty; every rank of the job has the same
  Clock* clock = nullptr;  // borrowed; nullptr: MonotonicClock()

  int64_t connect_timeout_ns = 10 * kNsPerSecond;    // without any sign of the peer
  int64_t half_open_timeout_ns = 2 * kNsPerSecond;   // an accepted connection must prove itself in this time
  int max_half_open = 64;                            // accepted and unproved at once; more wait in the kernel's queue
  int64_t dead_peer_timeout_ns = 20 * kNsPerSecond;  // unacknowledged bytes or keep-alives: the host has vanished
  int socket_send_bytes = 0;                         // SO_SNDBUF; 0: the kernel tunes it
  int one_host_send_bytes = 128 << 10;               // the same between ranks of one host, unless that is set
  int socket_receive_bytes = 0;                      // SO_RCVBUF; 0: the kernel tunes it
};

}  // namespace tutti::connect

#endif  // TUTTI_LIB_CONNECT_CONNECT_OPTIONS_H_
