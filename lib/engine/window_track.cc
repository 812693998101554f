// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/window_track.h"

namespace tutti {

// What was lent may be written to from now on. That of earlier operations has been read.
void WindowTrack::Forget() {
  queue.clear();
  for (Peer& peer : peers_) peer.memory = {};
  if (own_.cards == nullptr) return;
  for (uint64_t slot = 0; slot < kWindowSlots; ++slot) {
    Header& header = *Card(own_.cards, slot);
    if (header.region.load(std::memory_order_relaxed) != 0) header.number.store(0, std::memory_order_relaxed);
  }
  // Whoever sees what is written there later sees this, too; see StillLent.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  own_ = {};
}

}  // namespace tutti
