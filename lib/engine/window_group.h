// SPDX-License-Identifier: Apache-2.0
// The windows of a communicator whose ranks share memory: how publishes lie in them, and how one is made and found.
//
// A window is a line with the owner's progress, then kWindowSlots cards, then as many places for long payloads. A card is a
// header and, if it is short, the payload; the smallest publish is one cache line. All cards lie in three pages, so that
// small operations, which go round them, need few entries of the TLB. The header's number is written last, and is how a
// reader knows that the rest is there. Whoever publishes number m first makes sure that all ranks are done with number
// m - kWindowSlots: from what their latest publishes said, else from their progress lines.
//
// It knows memory and numbers, nothing of plans, types or who the ranks are.
//
// THREADS. The driver's own.
#ifndef TUTTI_LIB_ENGINE_WINDOW_GROUP_H_
#define TUTTI_LIB_ENGINE_WINDOW_GROUP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "collectives/schedule/window_program.h"
#include "lib/base/align.h"
#include "lib/transport/window_source.h"

namespace tutti {

class Operation;

class WindowGroup {
 public:
  // peers[r] is the job rank of the group's rank r; peers[rank] is this one. `source` must outlive the group's use.
  WindowGroup(WindowSource& source, uint32_t channel, std::vector<int32_t> peers, int rank)
      : source_(source), channel_(channel), job_ranks_(std::move(peers)), rank_(rank), peers_(job_ranks_.size()) {}

  // Opens this rank's window, then looks for the peers'. True when all are there.
  absl::Status Open();
  bool opened() const { return own_ != nullptr; }
  bool FindPeers();
  bool ready() const { return found_ == static_cast<int>(job_ranks_.size()) - 1; }
  // Why the rank's part of operations will never come; "" while it may.
  std::string WhyGone(int rank) const { return source_.WhyGone(job_rank(rank)); }
  // A rank whose window is not here yet; -1 if all are.
  int FirstMissing() const;
  void Forget();  // the windows are gone, or will be

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
    header.number.store(number + 1, std::memory_order_release);
    Wake();
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

  // Of a publish that was found.
  const std::byte* Payload(int rank, uint64_t number, uint64_t bytes) const {
    return PayloadIn(const_cast<std::byte*>(peers_[static_cast<size_t>(rank)].window.data), number, bytes);
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

  struct alignas(kCacheLineBytes) Header {
    std::atomic<uint64_t> number;
    uint64_t signature;
    uint64_t done;
    std::atomic<int64_t> arrived_ns;
    std::atomic<uint32_t> arrived;  // MessageStamp::kNobody: the publisher does not say
  };
  static constexpr uint64_t kHeaderBytes = 40;

  // In the order of submission; the front one runs.
  std::vector<Operation*> queue;
  uint64_t next_number = 0;  // of the next operation to be started; the starter's

 private:
  static constexpr uint64_t kCardBytes = 4 * kCacheLineBytes;
  static constexpr uint64_t kShortBytes = kCardBytes - kHeaderBytes;
  static constexpr uint64_t kLongAt = RoundUp((1 + kWindowSlots) * kCardBytes, 4096);
  static constexpr uint64_t kWindowBytes = kLongAt + kWindowSlots * kWindowSlotBytes;

  struct Peer {
    PeerWindow window;
    uint64_t done = 0;  // as far as it is known here
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
  std::atomic<uint64_t>* own_progress() { return reinterpret_cast<std::atomic<uint64_t>*>(own_); }

  bool IsFree(uint64_t number) {
    if (number < kWindowSlots) return true;
    const uint64_t needed = number - kWindowSlots + 1;
    for (size_t r = 0; r < peers_.size(); ++r) {
      Peer& peer = peers_[r];
      if (peer.done >= needed || static_cast<int>(r) == rank_) continue;
      // Before its window has been found nothing is known of the rank.
      holder_ = static_cast<int>(r);
      if (peer.window.data == nullptr) return false;
      peer.done = reinterpret_cast<const std::atomic<uint64_t>*>(peer.window.data)->load(std::memory_order_acquire);
      if (peer.done < needed) return false;
    }
    return true;
  }

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
  const int rank_;
  std::byte* own_ = nullptr;
  std::vector<Peer> peers_;  // by rank
  int found_ = 0;
  int holder_ = -1;
  uint64_t told_ = 0;  // to which number this rank's progress line says that it is done
  bool barrier_needed_ = false;
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_WINDOW_GROUP_H_
