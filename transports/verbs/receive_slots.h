// SPDX-License-Identifier: Apache-2.0
// What is ready to receive, shared by all peers: slots that frames land in, and empty receives that only tell that a
// large write has ended. Never more frames come than there are slots, because each peer is told how many it may send; so
// memory grows with the peers that this rank talks to, not with the size of the job.
#ifndef TUTTI_TRANSPORTS_VERBS_RECEIVE_SLOTS_H_
#define TUTTI_TRANSPORTS_VERBS_RECEIVE_SLOTS_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"

#include "transports/verbs/device.h"
#include "transports/verbs/memory.h"

namespace tutti::verbs {

class ReceiveSlots {
 public:
  // Room for `max_peers` peers with `slots_per_peer` slots each. `tag` is part of each receive's wr_id: tag | slot.
  absl::Status Open(const Device& device, uint64_t slot_bytes, uint32_t slots_per_peer, uint32_t max_peers,
                    uint64_t tag);
  ibv_srq* queue() const { return queue_.get(); }

  // A peer comes: makes its slots, unless a peer that went has left some.
  absl::Status AddPeer();
  void RemovePeer() { ++spare_peers_; }

  const uint8_t* data(uint32_t slot) const {
    return slabs_[slot / slots_per_peer_]->memory.get() + slot % slots_per_peer_ * slot_bytes_;
  }
  // Its bytes are not needed any more. It receives again after the next Repost.
  void Free(uint32_t slot) { freed_.push_back(slot); }
  // 0, or the errno with which the device refused.
  [[nodiscard]] int Repost();

 private:
  struct Slab {
    PageMemory memory;
    RegionHandle region;
  };

  const Device* device_ = nullptr;
  uint64_t slot_bytes_ = 0;
  uint32_t slots_per_peer_ = 1;
  uint64_t tag_ = 0;
  std::vector<std::unique_ptr<Slab>> slabs_;
  uint32_t spare_peers_ = 0;
  std::vector<uint32_t> freed_;
  SharedQueueHandle queue_;  // destroyed before the memory it knows
};

// The empty receives.
class ImmediateReceives {
 public:
  absl::Status Open(const Device& device, uint32_t capacity, uint64_t tag);
  ibv_srq* queue() const { return queue_.get(); }
  uint32_t capacity() const { return capacity_; }

  // Makes sure that `count` are posted, at most capacity(). 0, or an errno.
  [[nodiscard]] int Ensure(uint32_t count);
  void Consumed() { --posted_; }

 private:
  SharedQueueHandle queue_;
  uint32_t capacity_ = 0;
  uint32_t posted_ = 0;
  uint64_t tag_ = 0;
};

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_RECEIVE_SLOTS_H_
