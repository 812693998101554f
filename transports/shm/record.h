// SPDX-License-Identifier: Apache-2.0
// What the ranks of a pair write into each other's rings: records of whole cache lines, the smallest messages inside the
// first one.
#ifndef TUTTI_TRANSPORTS_SHM_RECORD_H_
#define TUTTI_TRANSPORTS_SHM_RECORD_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "lib/base/align.h"
#include "lib/transport/transport.h"
#include "transports/shm/shared_regions.h"

namespace tutti::shm {

enum class RecordKind : uint8_t {
  kWrap = 1,      // nothing more before the end of the ring
  kMessage = 2,   // a whole small message, with its payload; its stamp in the three fields that can hold one
  kAnnounce = 3,  // sender: a large message waits; `argument` says where in its memory, `export_slot` while what holds.
                  // Its payload is an Announcement
  kReady = 4,     // receiver: send it through the ring
  kData = 5,      // a piece of it; `argument` is the piece's length
  kDone = 6,      // receiver: it has what it needs of the message; the send ends
};

// A MessageStamp without what only ranks of different hosts need.
struct RecordStamp {
  int64_t arrival_ns = 0;
  uint32_t who = 0;
  uint32_t sent_after = 0;

  static RecordStamp Of(const MessageStamp& stamp) { return {stamp.arrival_ns, stamp.who, stamp.sent_after}; }
  MessageStamp message_stamp() const {
    MessageStamp stamp;
    stamp.arrival_ns = arrival_ns;
    stamp.who = who;
    stamp.sent_after = sent_after;
    return stamp;
  }
};

struct Announcement {
  RecordStamp stamp;
  RegionPlace place;  // of the message, if it lies in memory that the peer may map
};
static_assert(sizeof(Announcement) <= kCacheLineBytes);

struct alignas(kCacheLineBytes) Record {
  static constexpr uint64_t kInlineBytes = 8;

  std::atomic<uint32_t> stamp;  // written last; see ring.h
  RecordKind kind;
  uint8_t reserved;
  uint16_t export_slot;  // kAnnounce: see segment.h
  uint32_t channel;
  uint32_t index;
  uint64_t sequence;
  uint64_t signature;
  uint64_t message_bytes;
  union {
    uint64_t argument;
    int64_t arrival_ns;  // kMessage
  };
  union {
    uint32_t export_generation;
    uint32_t arrived;  // kMessage
  };
  uint32_t sent_after;  // kMessage
  std::byte inline_payload[kInlineBytes];

  MessageId id() const { return {channel, index, sequence}; }
  void set_id(const MessageId& id) {
    channel = id.channel;
    index = id.index;
    sequence = id.sequence;
  }

  // Where a payload of that length lies. Short ones cost no second line.
  const std::byte* payload(uint64_t bytes) const {
    return bytes <= kInlineBytes ? inline_payload : reinterpret_cast<const std::byte*>(this + 1);
  }
  std::byte* payload(uint64_t bytes) {
    return bytes <= kInlineBytes ? inline_payload : reinterpret_cast<std::byte*>(this + 1);
  }
};
static_assert(sizeof(Record) == kCacheLineBytes);

// What a record with such a payload takes of a ring.
constexpr uint64_t RecordBytes(uint64_t payload_bytes) {
  return sizeof(Record) + (payload_bytes <= Record::kInlineBytes ? 0 : RoundUp(payload_bytes, kCacheLineBytes));
}

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_RECORD_H_
