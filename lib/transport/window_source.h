// SPDX-License-Identifier: Apache-2.0
// An ability that transports between ranks of one host have: windows. A window is memory of one rank that the other
// members of a group read directly, so that one store reaches all of them. What is written into windows, and when, is
// for the engine to say (lib/engine/window_group.h); a transport only brings the memory, and wakes sleepers. It also knows
// which other memory of a rank its peers can read where it lies.
//
// THREADS. As for Transport: one at a time.
#ifndef TUTTI_LIB_TRANSPORT_WINDOW_SOURCE_H_
#define TUTTI_LIB_TRANSPORT_WINDOW_SOURCE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace tutti {

// A peer's window as it is seen from here. Valid until CloseWindow, ClosePeer, or the transport's end.
struct PeerWindow {
  const std::byte* data = nullptr;                // nullptr: not here yet
  const std::atomic<uint32_t>* asleep = nullptr;  // not 0: after publishing, Wake(peer)
  bool barrier_needed = true;                     // between publishing and looking at `asleep`
};

// Where something lies in memory that a rank shares with its peers: regions are numbered, by their owner. Region 0 is none.
struct RegionPlace {
  uint32_t region = 0;
  uint64_t offset = 0;
};

class WindowSource {
 public:
  virtual ~WindowSource() = default;

  // Makes this rank's window of the channel, `bytes` long and zeroed, and lets the peers see it as soon as they are
  // connected. Stays until CloseWindow. Error: no memory. Once per channel.
  virtual absl::StatusOr<std::byte*> OpenWindow(uint32_t channel, size_t bytes, absl::Span<const int32_t> peers) = 0;

  // The peer's window of the channel, which has the same length as this rank's.
  virtual PeerWindow FindWindow(uint32_t channel, int32_t peer) = 0;

  // This rank's and the peers' windows of the channel are gone when it returns. No-op if there are none.
  virtual void CloseWindow(uint32_t channel) = 0;

  // Where [data, data + bytes) of this rank lies, if all of these peers have said that they can read it there; else nowhere.
  // Data path.
  virtual RegionPlace PlaceOf(const void* data, uint64_t bytes, absl::Span<const int32_t> peers) const = 0;

  // What lies there, `bytes` long, in memory of the peer; nullptr if this rank cannot read that. What a peer says of its memory
  // can be passed on as it is. Valid until the peer takes the memory back, which is heard of in Poll only. Data path.
  virtual const std::byte* ReadPlace(int32_t peer, const RegionPlace& place, uint64_t bytes) const = 0;

  // Why nothing more will come from the peer ("the peer's process is gone"); "" while something may. Control path.
  virtual std::string WhyGone(int32_t peer) const = 0;

  // Ends the peer's sleep.
  virtual void Wake(int32_t peer) = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_WINDOW_SOURCE_H_
