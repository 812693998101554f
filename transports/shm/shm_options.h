// SPDX-License-Identifier: Apache-2.0
// What a shared-memory transport is told when it is made.
#ifndef TUTTI_TRANSPORTS_SHM_SHM_OPTIONS_H_
#define TUTTI_TRANSPORTS_SHM_SHM_OPTIONS_H_

#include <cstdint>

#include "lib/connect/connect_options.h"

namespace tutti::shm {

// The base holds what it takes to meet the peers.
struct ShmOptions : connect::ConnectOptions {
  uint64_t eager_bytes = 16 << 10;               // longer messages wait at their sender until they are asked for
  uint64_t unexpected_bytes_per_peer = 1 << 20;  // of small messages kept before their receive is posted
  uint64_t ring_bytes = 256 << 10;               // one direction of a pair; a power of two, at least 4 eager messages
  uint64_t piece_bytes = 64 << 10;               // large messages by view, or through the ring, come in such pieces
  uint64_t burst_bytes = 1 << 20;                // most that one Poll copies from one peer's memory
  bool read_peer_memory = true;                  // false: large messages always go through the ring
};

inline constexpr uint64_t kMaxMessageBytes = uint64_t{1} << 40;

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_SHM_OPTIONS_H_
