// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/window_group.h"

#include "absl/status/statusor.h"

namespace tutti {

absl::Status WindowGroup::Open() {
  std::vector<int32_t> others;
  for (int r = 0; r < size(); ++r) {
    if (r != rank_) others.push_back(job_rank(r));
  }
  absl::StatusOr<std::byte*> window = source_.OpenWindow(channel_, kWindowBytes, others);
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

void WindowGroup::Forget() {
  own_ = nullptr;
  found_ = 0;
  queue.clear();
  for (Peer& peer : peers_) peer.window = {};
}

}  // namespace tutti
