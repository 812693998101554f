// SPDX-License-Identifier: Apache-2.0
// What lies in the shared memory of a pair: two rings, and what their ends tell each other without messages.
#ifndef TUTTI_TRANSPORTS_SHM_SEGMENT_H_
#define TUTTI_TRANSPORTS_SHM_SEGMENT_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "transports/shm/ring.h"

namespace tutti::shm {

// A rank whose large messages the peer may read where they lie. Each has a slot; its generation moves on when the send
// ends or is dropped, so a reader that was overtaken by that notices afterwards that what it read means nothing.
inline constexpr uint32_t kExportSlots = 256;

// Side::asleep: the rank sleeps, or is about to. Ring its doorbell after writing a record, or, if it waits for room, also
// after making some.
inline constexpr uint32_t kAwake = 0;
inline constexpr uint32_t kAsleep = 1;
inline constexpr uint32_t kAsleepForRoom = 3;

// One rank's side of the pair, written by that rank only.
struct Side {
  alignas(kCacheLineBytes) std::atomic<uint32_t> asleep;
  ReaderState reader;  // of the ring towards this rank
  alignas(kCacheLineBytes) std::array<std::atomic<uint32_t>, kExportSlots> exports;
};

struct Segment {
  static constexpr uint64_t kVersion = 2;

  uint64_t version;
  uint64_t ring_bytes;
  Side sides[2];  // the lower rank's, the higher rank's

  // The ring towards that side.
  std::byte* ring(int side) { return reinterpret_cast<std::byte*>(this) + RingOffset(side, ring_bytes); }

  static constexpr uint64_t RingOffset(int side, uint64_t ring_bytes);
  static constexpr uint64_t Bytes(uint64_t ring_bytes) { return RingOffset(2, ring_bytes); }
};

constexpr uint64_t Segment::RingOffset(int side, uint64_t ring_bytes) {
  return RoundUp(sizeof(Segment), 4096) + static_cast<uint64_t>(side) * ring_bytes;
}

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_SEGMENT_H_
