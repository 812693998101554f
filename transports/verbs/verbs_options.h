// SPDX-License-Identifier: Apache-2.0
// What a verbs transport is told when it is made.
#ifndef TUTTI_TRANSPORTS_VERBS_VERBS_OPTIONS_H_
#define TUTTI_TRANSPORTS_VERBS_VERBS_OPTIONS_H_

#include <cstdint>
#include <string>

namespace tutti::verbs {

// Which device and port, and how its packets shall travel.
struct PortOptions {
  std::string devices;     // "": any; "mlx5_0,mlx5_1:2": only these (the second only port 2); "^mlx5_0": any but these
  std::string address;     // numeric IP address of the interface that the job uses; a port that has it is preferred
  int local_rank = -1;     // place among the ranks of this host, which take equal ports in turn; -1: unknown
  int local_size = -1;     // how many ranks this host has; -1: unknown
  int numa_node = -1;      // that this process is bound to, -1: to none; ports of the same node are preferred
  int gid_index = -1;      // -1: chosen by type and address
  int traffic_class = 0;   // of RoCE: DSCP << 2
  int service_level = 0;   // of InfiniBand, and the priority (PFC) of some RoCE networks
  int hop_limit = 64;      // of RoCE
  int ack_timeout = 16;    // an unacknowledged packet is sent again after 4.096 us * 2^this (16: 0.27 s), ...
  int retry_count = 6;     // ... this many times, before the path is lost (retry_time.h). 7 is for ever with soft-RoCE
  int rnr_timer_code = 1;  // the wait after "receiver not ready" (1: 10 us); it does not happen unless a peer is broken
};

struct VerbsOptions {
  int32_t rank = 0;
  int32_t size = 1;
  PortOptions port;
  uint32_t rails = 2;           // ports that carry messages together and for each other; 1..kMaxRails
  uint32_t pairs_per_rail = 1;  // queue pairs that carry a channel's large messages; 1..kMaxPairsPerRail
  bool falls_back = true;       // a peer that no rail reaches is talked to over the control transport; else it fails

  uint64_t eager_bytes = 8 << 10;                // at most kMaxEagerBytes; a pair uses the smaller of its two values
  uint32_t slots_per_peer = 16;                  // frames from one peer that can be on their way; kMinSlots..kMaxSlots
  uint64_t unexpected_bytes_per_peer = 1 << 20;  // of small messages kept before their receive is posted
  uint64_t staging_bytes = 128 << 10;            // a part of a large message received by view; a multiple of 64
  uint32_t staging_slots = 32;                   // such parts at once, all peers together
  uint64_t idle_registered_bytes = 0;            // of user memory kept registered between messages; see registrations.h
};

inline constexpr uint32_t kMaxRails = 4;
inline constexpr uint32_t kMaxPairsPerRail = 4;
inline constexpr uint64_t kMaxEagerBytes = 1 << 20;
inline constexpr uint32_t kMinSlots = 4;
inline constexpr uint32_t kMaxSlots = 4096;
inline constexpr uint64_t kMaxMessageBytes = uint64_t{1} << 40;

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_VERBS_OPTIONS_H_
