// SPDX-License-Identifier: Apache-2.0
// A track of a communicator's windows: publishes under consecutive numbers, of operations that run one after the other. This is
// how they lie in memory, and how one is made and found.
//
// A track is a line with the owner's progress, then kWindowSlots cards; and, elsewhere, kWindowSlots places for long payloads.
// A card is a header and, if it is short, the payload; the smallest publish is one cache line. Progress and cards lie in three
// pages, so that small operations, which go round the cards, need few entries of the TLB. The header's number is written last,
// and is how a reader knows that the rest is there. Whoever publishes number m first makes sure that all ranks are done with
// number m - kWindowSlots: from what their latest publishes said, else from their progress lines.
//
// A payload that lies in memory which its readers have mapped may be *lent*: its card then says where it lies, and nothing is
// copied. Whoever lent it must leave it alone until IsRead; if it cannot wait for that, because its operation has failed, it
// withdraws the publish first (Forget), and a reader looks afterwards whether what it read still counted (StillLent).
//
// It knows memory and numbers, nothing of plans, types or who the ranks are.
//
// THREADS. The driver's own.
#ifndef TUTTI_LIB_ENGINE_WINDOW_TRACK_H_
#define TUTTI_LIB_ENGINE_WINDOW_TRACK_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

#include "collectives/schedule/window_program.h"
#include "lib/base/align.h"
#include "lib/engine/window_members.h"
#include "lib/transport/window_source.h"

namespace tutti {

class Operation;

class WindowTrack {
 public:
  // No publish is longer than slot_bytes. `members` must outlive it.
  WindowTrack(const WindowMembers& members, uint64_t slot_bytes)
      : members_(members), slot_bytes_(slot_bytes), peers_(members.job_ranks.size()) {}

  // Where a rank's part of it lies in the rank's window: kCardsBytes, and slots_bytes().
  struct Memory {
    std::byte* cards = nullptr;
    std::byte* slots = nullptr;
  };
  void Place(const Memory& own) { own_ = own; }
  void PlacePeer(int rank, const Memory& memory) { peers_[static_cast<size_t>(rank)].memory = memory; }
  void Forget();  // all of that will be gone soon; what was lent is lent no more
  uint64_t slots_bytes() const { return kWindowSlots * slot_bytes_; }
  uint64_t slot_bytes() const { return slot_bytes_; }

  // The payload's place for publish `number`, or nullptr while a rank, holder(), may still read what lies there.
  std::byte* BeginPublish(uint64_t number, uint64_t bytes) {
    if (!IsFree(number)) return nullptr;
    return PayloadIn(own_, number, bytes);
  }
  // The payload is written. `done`: this rank reads no publishes below that number any more.
  // The payload depends on the arrival of `arrived` at arrived_ns, and of no later one; see message_stamp.h.
  void EndPublish(uint64_t number, uint64_t signature, uint64_t done, uint32_t arrived, int64_t arrived_ns) {
    Header& header = *Card(own_.cards, number);
    header.signature = signature;
    header.done = done;
    header.arrived_ns.store(arrived_ns, std::memory_order_relaxed);
    header.arrived.store(arrived, std::memory_order_relaxed);
    header.region.store(lent_region_, std::memory_order_relaxed);
    lent_region_ = 0;
    header.number.store(number + 1, std::memory_order_release);
    members_.Wake();
  }

  // Instead of writing the payload, between BeginPublish and EndPublish: lends it, to `only_reader` or, if that is -1, to all.
  // False if they cannot all read it where it lies.
  bool Lend(uint64_t number, const std::byte* payload, uint64_t bytes, int only_reader) {
    const auto one = static_cast<size_t>(only_reader);
    const RegionPlace place = members_.source.PlaceOf(
        payload, bytes, only_reader < 0 ? members_.others : absl::MakeConstSpan(&members_.job_ranks[one], 1));
    if (place.region == 0) return false;
    if (only_reader < 0) {
      lent_to_all_ = number + 1;
    } else {
      peers_[one].lent = number + 1;
    }
    Card(own_.cards, number)->offset.store(place.offset, std::memory_order_relaxed);
    lent_region_ = place.region;
    return true;
  }

  // Whether all ranks are done with what was lent to them. If not, holder() is one that is not.
  bool IsRead() {
    for (size_t r = 0; r < peers_.size(); ++r) {
      if (static_cast<int>(r) != members_.rank && !IsDone(r, std::max(lent_to_all_, peers_[r].lent))) return false;
    }
    return true;
  }

  // The same about a publish that has been made, while this rank is still in the operation.
  void SayArrival(uint64_t number, uint32_t arrived, int64_t arrived_ns) {
    Header& header = *Card(own_.cards, number);
    header.arrived_ns.store(arrived_ns, std::memory_order_relaxed);
    header.arrived.store(arrived, std::memory_order_release);
  }

  // Publish `number` of the rank, or nullptr if it is not there yet.
  struct Header;
  const Header* Find(int rank, uint64_t number) {
    Peer& peer = peers_[static_cast<size_t>(rank)];
    const Header* header = Card(peer.memory.cards, number);
    if (header->number.load(std::memory_order_acquire) != number + 1) return nullptr;
    if (header->done > peer.done) peer.done = header->done;
    return header;
  }

  // Of a publish that was found and was not lent.
  const std::byte* Payload(int rank, uint64_t number, uint64_t bytes) const {
    return PayloadIn(peers_[static_cast<size_t>(rank)].memory, number, bytes);
  }
  // Of one that was lent: nullptr if this rank cannot read what the header says.
  const std::byte* LentPayload(int rank, const RegionPlace& place, uint64_t bytes) const {
    return members_.source.ReadPlace(members_.job_ranks[static_cast<size_t>(rank)], place, bytes);
  }
  // After reading it: it was not withdrawn by then.
  bool StillLent(int rank, uint64_t number) const {
    std::atomic_thread_fence(std::memory_order_acquire);
    const Header* header = Card(peers_[static_cast<size_t>(rank)].memory.cards, number);
    return header->number.load(std::memory_order_relaxed) == number + 1;
  }

  int holder() const { return holder_; }

  // At an operation's end, and before this rank waits for others: they may be waiting for it. True if somebody was woken,
  // which takes time.
  bool Progress(uint64_t done) {
    if (done == told_) return false;
    told_ = done;
    ProgressIn(own_)->store(done, std::memory_order_release);
    return members_.Wake();
  }

  struct alignas(kCacheLineBytes) Header {
    std::atomic<uint64_t> number;
    uint64_t signature;
    uint64_t done;
    std::atomic<int64_t> arrived_ns;
    std::atomic<uint32_t> arrived;  // MessageStamp::kNobody: the publisher does not say
    std::atomic<uint32_t> region;   // not 0: the payload is lent, and lies there, at `offset`
    std::atomic<uint64_t> offset;   // where a short payload begins otherwise

    // Read once: a peer may write what it likes there.
    RegionPlace place() const {
      return {region.load(std::memory_order_relaxed), offset.load(std::memory_order_relaxed)};
    }
  };
  static constexpr uint64_t kHeaderBytes = 40;
  static_assert(offsetof(Header, offset) == kHeaderBytes);

  static constexpr uint64_t kCardBytes = 4 * kCacheLineBytes;
  static constexpr uint64_t kShortBytes = kCardBytes - kHeaderBytes;
  static constexpr uint64_t kCardsBytes = RoundUp((1 + kWindowSlots) * kCardBytes, 4096);

  // In the order of submission; the front one runs.
  std::vector<Operation*> queue;
  uint64_t next_number = 0;  // of the next operation to be started; the starter's

 private:
  struct Peer {
    Memory memory;
    uint64_t done = 0;  // as far as it is known here
    uint64_t lent = 0;  // above the last number that was lent to it alone
  };

  std::byte* PayloadIn(const Memory& memory, uint64_t number, uint64_t bytes) const {
    const uint64_t slot = number % kWindowSlots;
    if (bytes > kShortBytes) return memory.slots + slot * slot_bytes_;
    return memory.cards + (1 + slot) * kCardBytes + kHeaderBytes;
  }
  static Header* Card(std::byte* cards, uint64_t number) {
    return reinterpret_cast<Header*>(cards + (1 + number % kWindowSlots) * kCardBytes);
  }
  static std::atomic<uint64_t>* ProgressIn(const Memory& memory) {
    return reinterpret_cast<std::atomic<uint64_t>*>(memory.cards);
  }

  bool IsFree(uint64_t number) {
    if (number < kWindowSlots) return true;
    const uint64_t needed = number - kWindowSlots + 1;
    for (size_t r = 0; r < peers_.size(); ++r) {
      if (static_cast<int>(r) != members_.rank && !IsDone(r, needed)) return false;
    }
    return true;
  }

  // Whether the rank reads nothing below `needed` any more; if it does, it is the holder().
  bool IsDone(size_t r, uint64_t needed) {
    Peer& peer = peers_[r];
    if (peer.done >= needed) return true;
    // Before its window has been found nothing is known of the rank.
    holder_ = static_cast<int>(r);
    if (peer.memory.cards == nullptr) return false;
    peer.done = ProgressIn(peer.memory)->load(std::memory_order_acquire);
    return peer.done >= needed;
  }

  const WindowMembers& members_;
  const uint64_t slot_bytes_;
  Memory own_;
  std::vector<Peer> peers_;  // by rank
  int holder_ = -1;
  uint32_t lent_region_ = 0;  // of the publish that has begun
  uint64_t lent_to_all_ = 0;  // above the last number that was
  uint64_t told_ = 0;         // to which number this rank's progress line says that it is done
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_WINDOW_TRACK_H_
