// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/window_group.h"

#include "absl/status/statusor.h"

namespace tutti {

absl::Status WindowGroup::Open() {
  absl::StatusOr<std::byte*> window = members_.source.OpenWindow(channel_, kWindowBytes, members_.others);
  if (!window.ok()) return window.status();
  own_ = *window;
  short_.Place(ShortIn(own_));
  long_.Place(LongIn(own_));
  return absl::OkStatus();
}

bool WindowGroup::FindPeers() {
  for (int r = 0; r < size(); ++r) {
    Peer& peer = peers_[static_cast<size_t>(r)];
    if (r == rank() || peer.window != nullptr) continue;
    const PeerWindow window = members_.source.FindWindow(channel_, job_rank(r));
    if (window.data == nullptr) continue;
    peer.window = window.data;
    // Only read, but for the tracks' types.
    auto* const memory = const_cast<std::byte*>(window.data);
    short_.PlacePeer(r, ShortIn(memory));
    long_.PlacePeer(r, LongIn(memory));
    members_.asleep[static_cast<size_t>(r)] = window.asleep;
    members_.barrier_needed |= window.barrier_needed;
    ++found_;
  }
  return ready();
}

int WindowGroup::FirstMissing() const {
  for (int r = 0; r < size(); ++r) {
    if (r != rank() && peers_[static_cast<size_t>(r)].window == nullptr) return r;
  }
  return -1;
}

int WindowGroup::CompareCalls(CallChain::Difference* difference) {
  calls_since_compared_ = 0;
  bool all_agree = true;
  for (size_t r = 0; r < peers_.size(); ++r) {
    Peer& peer = peers_[r];
    if (static_cast<int>(r) == rank() || peer.window == nullptr) continue;
    const auto found = calls.Compare(*LogIn(peer.window), &peer.agreed_calls);
    if (found.has_value()) {
      *difference = *found;
      return static_cast<int>(r);
    }
    all_agree &= peer.agreed_calls == calls.shown();
  }
  if (all_agree) unread_calls_ = false;
  return -1;
}

void WindowGroup::Forget() {
  short_.Forget();
  long_.Forget();
  own_ = nullptr;
  found_ = 0;
  for (Peer& peer : peers_) peer.window = nullptr;
  for (auto& asleep : members_.asleep) asleep = nullptr;
}

}  // namespace tutti
