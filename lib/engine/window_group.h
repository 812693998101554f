// SPDX-License-Identifier: Apache-2.0
// The windows of a communicator whose ranks share memory: how publishes lie in them, and how one is made and found.
//
// A window is a line with the owner's progress, then kWindowSlots cards, then what it shows of its calls (call_chain.h), then
// kWindowSlots places for long payloads. A card is a header and, if it is short, the payload; the smallest publish is one
// cache line. All but the long payloads lies in three pages, so that small operations, which go round the cards, need
// few entries of the TLB. The header's number is written last, and is how a
// reader knows that the rest is there. Whoever publishes number m first makes sure that all ranks are done with number
// m - kWindowSlots: from what their latest publishes said, else from their progress lines.
//
// A payload that lies in memory which its readers have mapped may be *lent*: its card then says where it lies, and nothing is
// copied. Whoever lent it must leave it alone until IsRead; if it cannot wait for that, because its operation has failed, it
// withdraws the publish first (Forget), and a reader looks afterwards whether what it read still counted (StillLent).
//
// It knows memory and numbers, nothing of plans, types or who the ranks are.
//
// THREADS. The driver's own.
#ifndef TUTTI_LIB_ENGINE_WINDOW_GROUP_H_
#define TUTTI_LIB_ENGINE_WINDOW_GROUP_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "collectives/schedule/window_program.h"
#include "lib/base/align.h"
#include "lib/engine/call_chain.h"
#include "lib/transport/window_source.h"

namespace tutti {

class Operation;

class WindowGroup {
 public:
  // peers[r] is the job rank of the group's rank r; peers[rank] is this one. `source` must outlive the group's use.
  WindowGroup(WindowSource& source, uint32_t channel, std::vector<int32_t> peers, int rank)
      : source_(source), channel_(channel), job_ranks_(std::move(peers)), rank_(rank), peers_(job_ranks_.size()) {
    for (int r = 0; r < size(); ++r) {
      if (r != rank_) others_.push_back(job_rank(r));
    }
  }

  // Opens this rank's window, then looks for the peers'. True when all are there.
  absl::Status Open();
  bool opened() const { return own_ != nullptr; }
  bool FindPeers();
  bool ready() const { return found_ == static_cast<int>(job_ranks_.size()) - 1; }
  // Why the rank's part of operations will never come; "" while it may.
  std::string WhyGone(int rank) const { return source_.WhyGone(job_rank(rank)); }
  // A rank whose window is not here yet; -1 if all are.
  int FirstMissing() const;
  void Forget();  // the windows will be gone soon; what was lent is lent no more

  uint32_t channel() const { return channel_; }
  int rank() const { return rank_; }
  int size() const { return static_cast<int>(job_ranks_.size()); }
  int32_t job_rank(int rank) const { return job_ranks_[static_cast<size_t>(rank)]; }

  // The payload's place for publish `number`, or nullptr while a rank, holder(), may still read what lies there.
  std::byte* BeginPublish(uint64_t number, uint64_t bytes) {
    if (!IsFree(number)) return nullptr;
    return PayloadIn(own_, number, bytes);
  }
  // The payload is written. `done`: this rank reads no publishes below that number any more.
  // The payload depends on the arrival of `arrived` at arrived_ns, and of no later one; see message_stamp.h.
  void EndPublish(uint64_t number, uint64_t signature, uint64_t done, uint32_t arrived, int64_t arrived_ns) {
    Header& header = *Card(own_, number);
    header.signature = signature;
    header.done = done;
    header.arrived_ns.store(arrived_ns, std::memory_order_relaxed);
    header.arrived.store(arrived, std::memory_order_relaxed);
    header.region.store(lent_region_, std::memory_order_relaxed);
    lent_region_ = 0;
    header.number.store(number + 1, std::memory_order_release);
    Wake();
  }

  // Instead of writing the payload, between BeginPublish and EndPublish: lends it, to `only_reader` or, if that is -1, to all.
  // False if they cannot all read it where it lies.
  bool Lend(uint64_t number, const std::byte* payload, uint64_t bytes, int only_reader) {
    const auto one = static_cast<size_t>(only_reader);
    const RegionPlace place =
        source_.PlaceOf(payload, bytes, only_reader < 0 ? others_ : absl::MakeConstSpan(&job_ranks_[one], 1));
    if (place.region == 0) return false;
    if (only_reader < 0) {
      lent_to_all_ = number + 1;
    } else {
      peers_[one].lent = number + 1;
    }
    Card(own_, number)->offset.store(place.offset, std::memory_order_relaxed);
    lent_region_ = place.region;
    return true;
  }

  // Whether all ranks are done with what was lent to them. If not, holder() is one that is not.
  bool IsRead() {
    for (size_t r = 0; r < peers_.size(); ++r) {
      if (static_cast<int>(r) != rank_ && !IsDone(r, std::max(lent_to_all_, peers_[r].lent))) return false;
    }
    return true;
  }

  // The same about a publish that has been made, while this rank is still in the operation.
  void SayArrival(uint64_t number, uint32_t arrived, int64_t arrived_ns) {
    Header& header = *Card(own_, number);
    header.arrived_ns.store(arrived_ns, std::memory_order_relaxed);
    header.arrived.store(arrived, std::memory_order_release);
  }

  // Publish `number` of the rank, or nullptr if it is not there yet.
  struct Header;
  const Header* Find(int rank, uint64_t number) {
    Peer& peer = peers_[static_cast<size_t>(rank)];
    const Header* header = Card(peer.window.data, number);
    if (header->number.load(std::memory_order_acquire) != number + 1) return nullptr;
    if (header->done > peer.done) peer.done = header->done;
    return header;
  }

  // Of a publish that was found and was not lent.
  const std::byte* Payload(int rank, uint64_t number, uint64_t bytes) const {
    return PayloadIn(const_cast<std::byte*>(peers_[static_cast<size_t>(rank)].window.data), number, bytes);
  }
  // Of one that was lent: nullptr if this rank cannot read what the header says.
  const std::byte* LentPayload(int rank, const RegionPlace& place, uint64_t bytes) const {
    return source_.ReadPlace(job_rank(rank), place, bytes);
  }
  // After reading it: it was not withdrawn by then.
  bool StillLent(int rank, uint64_t number) const {
    std::atomic_thread_fence(std::memory_order_acquire);
    const Header* header = Card(peers_[static_cast<size_t>(rank)].window.data, number);
    return header->number.load(std::memory_order_relaxed) == number + 1;
  }

  int holder() const { return holder_; }

  // At an operation's end, and before this rank waits for others: they may be waiting for it. True if somebody was woken,
  // which takes time.
  bool Progress(uint64_t done) {
    if (done == told_) return false;
    told_ = done;
    own_progress()->store(done, std::memory_order_release);
    return Wake();
  }

  // Before an operation's first step: shows the others what this rank has called; or soon, if nobody waits for that.
  void ShowCalls(bool all_read_all) {
    if (all_read_all && !unread_calls_ && calls.hidden() < kMostHiddenCalls) return;
    calls.Show(*LogIn(own_));
  }
  // At an operation's end: whether to look at what the others have called, because there were calls in which ranks do not read
  // from each other. `all_read_all`: in this one they did, so that the others have shown theirs.
  bool ShouldCompareCalls(bool all_read_all) {
    if (!all_read_all) {
      unread_calls_ = true;
      return ++calls_since_compared_ >= kCallsUntilCompared;
    }
    return unread_calls_;
  }
  // A rank that has called something else, or -1.
  int CompareCalls(CallChain::Difference* difference);

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

  // In the order of submission; the front one runs.
  std::vector<Operation*> queue;
  uint64_t next_number = 0;  // of the next operation to be started; the starter's
  CallChain calls;           // all collective ones of the communicator, over windows or not

 private:
  static constexpr uint64_t kCardBytes = 4 * kCacheLineBytes;
  static constexpr uint64_t kShortBytes = kCardBytes - kHeaderBytes;
  static constexpr uint64_t kLogAt = RoundUp((1 + kWindowSlots) * kCardBytes, 4096);
  static constexpr uint64_t kLongAt = RoundUp(kLogAt + sizeof(CallLog), 4096);
  static constexpr uint32_t kCallsUntilCompared = 16;
  static constexpr uint64_t kMostHiddenCalls = CallLog::kLinks / 2;
  static constexpr uint64_t kWindowBytes = kLongAt + kWindowSlots * kWindowSlotBytes;

  struct Peer {
    PeerWindow window;
    uint64_t done = 0;  // as far as it is known here
    uint64_t lent = 0;  // above the last number that was lent to it alone
    uint64_t agreed_calls = 0;
  };

  static std::byte* PayloadIn(std::byte* window, uint64_t number, uint64_t bytes) {
    const uint64_t slot = number % kWindowSlots;
    if (bytes > kShortBytes) return window + kLongAt + slot * kWindowSlotBytes;
    return window + (1 + slot) * kCardBytes + kHeaderBytes;
  }
  static Header* Card(std::byte* window, uint64_t number) {
    return reinterpret_cast<Header*>(window + (1 + number % kWindowSlots) * kCardBytes);
  }
  static const Header* Card(const std::byte* window, uint64_t number) {
    return Card(const_cast<std::byte*>(window), number);
  }
  static CallLog* LogIn(std::byte* window) { return reinterpret_cast<CallLog*>(window + kLogAt); }
  static const CallLog* LogIn(const std::byte* window) { return LogIn(const_cast<std::byte*>(window)); }
  std::atomic<uint64_t>* own_progress() { return reinterpret_cast<std::atomic<uint64_t>*>(own_); }

  bool IsFree(uint64_t number) {
    if (number < kWindowSlots) return true;
    const uint64_t needed = number - kWindowSlots + 1;
    for (size_t r = 0; r < peers_.size(); ++r) {
      if (static_cast<int>(r) != rank_ && !IsDone(r, needed)) return false;
    }
    return true;
  }

  // Whether the rank reads nothing below `needed` any more; if it does, it is the holder().
  bool IsDone(size_t r, uint64_t needed) {
    Peer& peer = peers_[r];
    if (peer.done >= needed) return true;
    // Before its window has been found nothing is known of the rank.
    holder_ = static_cast<int>(r);
    if (peer.window.data == nullptr) return false;
    peer.done = reinterpret_cast<const std::atomic<uint64_t>*>(peer.window.data)->load(std::memory_order_acquire);
    return peer.done >= needed;
  }

  void Withdraw();

  bool Wake() {
    bool woke = false;
    if (barrier_needed_) __sync_synchronize();
    for (size_t r = 0; r < peers_.size(); ++r) {
      const std::atomic<uint32_t>* asleep = peers_[r].window.asleep;
      if (asleep == nullptr || asleep->load(std::memory_order_relaxed) == 0) continue;
      source_.Wake(job_ranks_[r]);
      woke = true;
    }
    return woke;
  }

  WindowSource& source_;
  const uint32_t channel_;
  const std::vector<int32_t> job_ranks_;
  std::vector<int32_t> others_;  // of these, without this one
  const int rank_;
  std::byte* own_ = nullptr;
  std::vector<Peer> peers_;  // by rank
  int found_ = 0;
  int holder_ = -1;
  uint32_t lent_region_ = 0;  // of the publish that has begun
  uint64_t lent_to_all_ = 0;  // above the last number that was
  uint64_t told_ = 0;         // to which number this rank's progress line says that it is done
  bool barrier_needed_ = false;
  bool unread_calls_ = false;  // were made since all ranks were last known to have called the same
  uint32_t calls_since_compared_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_WINDOW_GROUP_H_
