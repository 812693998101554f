// SPDX-License-Identifier: Apache-2.0
// What travels between simulated endpoints, and the events by which time passes.
#ifndef TUTTI_TRANSPORTS_SIM_PACKET_H_
#define TUTTI_TRANSPORTS_SIM_PACKET_H_

#include <cstdint>

#include "lib/transport/transport.h"
#include "transports/sim/payload_pool.h"

namespace tutti::sim {

enum class PacketKind : uint8_t {
  kConnected,  // the other end wants the connection too
  kEager,      // a whole message
  kAnnounce,   // a message waits at its sender
  kPull,       // receiver to sender: let it come
  kSegment,    // a piece of a message that was pulled
  kDiscard,    // receiver to sender: it is not wanted
  kCredit,     // receiver to sender: `bytes` of a kept message are free again
  kClose,      // the sender has left; nothing follows
};

struct Packet {
  PacketKind kind = PacketKind::kClose;
  int32_t source = -1;
  int32_t destination = -1;
  MessageId id;
  uint64_t signature = 0;
  uint64_t bytes = 0;          // length of the whole message; kCredit: see there
  uint64_t offset = 0;         // kSegment
  uint64_t segment_bytes = 0;  // kSegment
  uint64_t send_handle = 0;    // of the sender's pool
  uint64_t recv_handle = 0;    // of the receiver's pool
  MessageStamp stamp;          // kEager, kSegment
  PayloadPool::Payload payload;
};

enum class EventKind : uint8_t {
  kArrives,       // packet `handle` reaches `owner`
  kPacketLeaves,  // packet `handle` has left `owner`
  kSendLeaves,    // the next piece of send `handle` has left `owner`
  kPeerLost,      // `owner` finds out that `peer` is lost, for reason `handle`
  kFault,         // entry `handle` of the fault plan happens
  kWake,          // `owner` runs again
};

struct Event {
  int64_t time_ns = 0;
  uint64_t order = 0;  // among events of the same time
  EventKind kind = EventKind::kWake;
  int32_t owner = -1;  // whose standing still or death concerns it
  int32_t peer = -1;
  uint64_t handle = 0;

  // For a heap whose front is the earliest.
  friend bool operator<(const Event& a, const Event& b) {
    return a.time_ns != b.time_ns ? a.time_ns > b.time_ns : a.order > b.order;
  }
};

enum class LossReason : uint8_t { kNone, kDied, kCut, kGaveUp, kClosed };

}  // namespace tutti::sim

#endif  // TUTTI_TRANSPORTS_SIM_PACKET_H_
