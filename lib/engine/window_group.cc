// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/window_group.h"

#include "absl/status/statusor.h"

namespace tutti {

absl::Status WindowGroup::Open() {
  absl::StatusOr<std::byte*> window = source_.OpenWindow(channel_, kWindowBytes, others_);
  if (!window.ok()) return window.status();
  own_ = *window;
  return absl::OkStatus();
}

bool WindowGroup::FindPeers() {
  for (int r = 0; r < size(); ++r) {
    Peer& peer = peers_[static_cast<size_t>(r)];
    if (r == rank_ || peer.window.data != nullptr) continue;
    peer.window = source_.FindWindow(channel_, job_rank(r));
    if (peer.window.data == nullptr) continue;
    barrier_needed_ |= peer.window.barrier_needed;
    ++found_;
  }
  return ready();
}

int WindowGroup::FirstMissing() const {
  for (int r = 0; r < size(); ++r) {
    if (r != rank_ && peers_[static_cast<size_t>(r)].window.data == nullptr) return r;
  }
  return -1;
}

int WindowGroup::CompareCalls(CallChain::Difference* difference) {
  calls_since_compared_ = 0;
  bool all_agree = true;
  for (size_t r = 0; r < peers_.size(); ++r) {
    Peer& peer = peers_[r];
    if (static_cast<int>(r) == rank_ || peer.window.data == nullptr) continue;
    const auto found = calls.Compare(*LogIn(peer.window.data), &peer.agreed_calls);
    if (found.has_value()) {
      *difference = *found;
      return static_cast<int>(r);
    }
    all_agree &= peer.agreed_calls == calls.shown();
  }
  if (all_agree) unread_calls_ = false;
  return -1;
}

// What was lent may be written to from now on. That of earlier operations has been read.
void WindowGroup::Withdraw() {
  for (uint64_t slot = 0; slot < kWindowSlots; ++slot) {
    Header& header = *Card(own_, slot);
    if (header.region.load(std::memory_order_relaxed) != 0) header.number.store(0, std::memory_order_relaxed);
  }
  // Whoever sees what is written there later sees this, too; see StillLent.
  std::atomic_thread_fence(std::memory_order_seq_cst);
}

void WindowGroup::Forget() {
  if (own_ != nullptr) Withdraw();
  own_ = nullptr;
  found_ = 0;
  queue.clear();
  for (Peer& peer : peers_) peer.window = {};
}

}  // namespace tutti
