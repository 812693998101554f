// SPDX-License-Identifier: Apache-2.0
// How channels, peers and endpoints end.
#include <algorithm>
#include <tuple>
#include <utility>

#include "transports/sim/network.h"
#include "transports/sim/sim_transport.h"

namespace tutti::sim {

// Requests, completions that wait for Poll, and posted receives of the peers and channels that `concerns` names. Kept
// messages are for the caller.
template <typename Predicate>
void SimTransport::DropRequests(Predicate&& concerns) {
  sends_.ForEach([&](uint64_t handle, const Send& send) {
    if (concerns(send.request.peer, send.request.id.channel)) sends_.Release(handle);
  });
  recvs_.ForEach([&](uint64_t handle, const Recv& recv) {
    if (concerns(recv.request.peer, recv.request.id.channel)) recvs_.Release(handle);
  });
  absl::erase_if(posted_, [&](const auto& entry) { return concerns(entry.first.peer, entry.first.id.channel); });
  DropReady([&](const Ready& ready) {
    return ready.completion.kind != CompletionKind::kPeerFailed && concerns(ready.completion.peer, ready.channel);
  });
}

template <typename Predicate>
void SimTransport::DropReady(Predicate&& concerns) {
  for (size_t left = ready_.size(); left > 0; --left) {
    Ready ready = ready_.Pop();
    if (concerns(ready)) {
      // The parts in front of it may have been shown by the last Poll.
      lent_payloads_.push_back(std::move(ready.payload));
      continue;
    }
    [[maybe_unused]] const bool pushed = ready_.Push(std::move(ready));
  }
}

void SimTransport::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const {
  for (const auto& [key, handle] : KeptInOrder()) {
    const Packet& message = *network_.packets_.Get(handle);
    visit({.peer = key.peer, .id = key.id, .signature = message.signature, .bytes = message.bytes});
  }
}

// The table's own order differs from run to run.
std::vector<std::pair<SimTransport::MatchKey, uint64_t>> SimTransport::KeptInOrder() const {
  std::vector<std::pair<MatchKey, uint64_t>> kept(kept_.begin(), kept_.end());
  std::sort(kept.begin(), kept.end(), [](const auto& a, const auto& b) {
    const auto order = [](const MatchKey& key) {
      return std::tuple(key.peer, key.id.channel, key.id.sequence, key.id.index);
    };
    return order(a.first) < order(b.first);
  });
  return kept;
}

void SimTransport::CloseChannel(uint32_t channel) {
  if (!alive_ || !closed_channels_.insert(channel).second) return;
  DropRequests([&](int32_t, uint32_t of_channel) { return of_channel == channel; });
  for (const auto& [key, handle] : KeptInOrder()) {
    if (key.id.channel != channel) continue;
    const Packet& message = *network_.packets_.Get(handle);
    if (message.kind == PacketKind::kEager) kept_bytes_ -= message.bytes;
    Refuse(message);
    network_.packets_.Release(handle);
    kept_.erase(key);
  }
}

void SimTransport::DropPeer(int32_t peer) {
  DropRequests([&](int32_t of_peer, uint32_t) { return of_peer == peer; });
  absl::erase_if(kept_, [&](const auto& entry) {
    if (entry.first.peer != peer) return false;
    const Packet& message = *network_.packets_.Get(entry.second);
    if (message.kind == PacketKind::kEager) kept_bytes_ -= message.bytes;
    network_.packets_.Release(entry.second);
    return true;
  });
  PeerAt(peer).held_sends = {};
}

void SimTransport::ClosePeer(int32_t peer) {
  Peer& mine = PeerAt(peer);
  if (!alive_ || mine.state == PeerState::kClosed) return;
  mine.state = PeerState::kClosed;
  DropPeer(peer);
  DropReady([&](const Ready& ready) { return ready.completion.peer == peer; });
  const SimTransport* other = network_.endpoints_[static_cast<size_t>(peer)];
  // Who has not asked for the connection finds out when it does.
  if (other == nullptr || other->peers_[static_cast<size_t>(rank_)].state == PeerState::kUnknown) return;
  Packet packet;
  packet.kind = PacketKind::kClose;
  packet.source = rank_;
  packet.destination = peer;
  network_.TransmitLast(std::move(packet));
}

void SimTransport::OnPeerLost(int32_t peer, LossReason reason) {
  const PeerState state = PeerAt(peer).state;
  if (state == PeerState::kConnecting || state == PeerState::kConnected) Lose(peer, reason);
}

// A rank that has done its part may leave before the others have: that alone is no failure.
void SimTransport::OnClose(int32_t peer) {
  bool wanted = false;
  sends_.ForEach([&](uint64_t, const Send& send) { wanted |= send.request.peer == peer; });
  recvs_.ForEach([&](uint64_t, const Recv& recv) { wanted |= recv.request.peer == peer; });
  if (wanted) return Lose(peer, LossReason::kClosed);
  PeerAt(peer).state = PeerState::kLeft;
}

void SimTransport::Lose(int32_t peer, LossReason reason) {
  Peer& mine = PeerAt(peer);
  mine.state = PeerState::kFailed;
  mine.reason = reason;
  DropPeer(peer);
  Completion completion;
  completion.kind = CompletionKind::kPeerFailed;
  completion.peer = peer;
  PushReady(completion, 0);
}

void SimTransport::Die() {
  alive_ = false;
  DropRequests([](int32_t, uint32_t) { return true; });
  for (const auto& entry : kept_) network_.packets_.Release(entry.second);
  kept_.clear();
  kept_bytes_ = 0;
  unsent_bytes_ = 0;
}

}  // namespace tutti::sim
