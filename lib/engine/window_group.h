// SPDX-License-Identifier: Apache-2.0
// The windows of a communicator whose ranks share memory. Each rank's window holds two tracks of publishes (window_track.h), one
// for short operations and one for long ones, so that a short operation need not wait until a long one that began earlier is
// over; and what the rank shows of its calls (call_chain.h).
//
//   | short track: progress, cards | calls | its slots, of 4 KiB | long track: progress, cards | its slots, of 64 KiB |
//
// Which track an operation is on is told by its shape alone, so that all ranks take the same.
//
// It knows memory and numbers, nothing of plans, types or who the ranks are.
//
// THREADS. The driver's own.
#ifndef TUTTI_LIB_ENGINE_WINDOW_GROUP_H_
#define TUTTI_LIB_ENGINE_WINDOW_GROUP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "collectives/schedule/window_program.h"
#include "lib/base/align.h"
#include "lib/engine/call_chain.h"
#include "lib/engine/window_members.h"
#include "lib/engine/window_track.h"
#include "lib/transport/window_source.h"

namespace tutti {

class WindowGroup {
 public:
  // Operations of no more bytes than this, of the longest vector, go on the short track.
  static constexpr uint64_t kShortOperationBytes = 4096;

  // peers[r] is the job rank of the group's rank r; peers[rank] is this one. `source` must outlive the group's use.
  WindowGroup(WindowSource& source, uint32_t channel, std::vector<int32_t> peers, int rank)
      : channel_(channel),
        members_(source, std::move(peers), rank),
        short_(members_, kShortOperationBytes),
        long_(members_, kWindowSlotBytes),
        peers_(members_.job_ranks.size()) {}
  WindowGroup(const WindowGroup&) = delete;
  WindowGroup& operator=(const WindowGroup&) = delete;

  // Opens this rank's window, then looks for the peers'. True when all are there.
  absl::Status Open();
  bool opened() const { return own_ != nullptr; }
  bool FindPeers();
  bool ready() const { return found_ == size() - 1; }
  // Why the rank's part of operations will never come; "" while it may.
  std::string WhyGone(int rank) const { return members_.source.WhyGone(job_rank(rank)); }
  // A rank whose window is not here yet; -1 if all are.
  int FirstMissing() const;
  void Forget();  // the windows will be gone soon; what was lent is lent no more

  WindowTrack& TrackFor(uint64_t operation_bytes) { return operation_bytes <= kShortOperationBytes ? short_ : long_; }

  uint32_t channel() const { return channel_; }
  int rank() const { return members_.rank; }
  int size() const { return members_.size(); }
  int32_t job_rank(int rank) const { return members_.job_ranks[static_cast<size_t>(rank)]; }

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

  CallChain calls;  // all collective ones of the communicator, over windows or not

 private:
  static constexpr uint64_t kLogAt = WindowTrack::kCardsBytes;
  static constexpr uint64_t kShortSlotsAt = RoundUp(kLogAt + sizeof(CallLog), 4096);
  static constexpr uint64_t kLongAt = kShortSlotsAt + kWindowSlots * kShortOperationBytes;
  static constexpr uint64_t kLongSlotsAt = kLongAt + WindowTrack::kCardsBytes;
  static constexpr uint64_t kWindowBytes = kLongSlotsAt + kWindowSlots * kWindowSlotBytes;
  static constexpr uint32_t kCallsUntilCompared = 16;
  static constexpr uint64_t kMostHiddenCalls = CallLog::kLinks / 2;

  struct Peer {
    const std::byte* window = nullptr;
    uint64_t agreed_calls = 0;
  };

  static WindowTrack::Memory ShortIn(std::byte* window) { return {window, window + kShortSlotsAt}; }
  static WindowTrack::Memory LongIn(std::byte* window) { return {window + kLongAt, window + kLongSlotsAt}; }
  static CallLog* LogIn(std::byte* window) { return reinterpret_cast<CallLog*>(window + kLogAt); }
  static const CallLog* LogIn(const std::byte* window) { return LogIn(const_cast<std::byte*>(window)); }

  const uint32_t channel_;
  WindowMembers members_;
  WindowTrack short_;
  WindowTrack long_;
  std::byte* own_ = nullptr;
  std::vector<Peer> peers_;  // by rank
  int found_ = 0;
  bool unread_calls_ = false;  // were made since all ranks were last known to have called the same
  uint32_t calls_since_compared_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_ENGINE_WINDOW_GROUP_H_
