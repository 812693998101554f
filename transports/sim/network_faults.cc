// SPDX-License-Identifier: Apache-2.0
// What goes wrong in a simulated network.
#include <algorithm>

#include "transports/sim/network.h"

namespace tutti::sim {

void Network::Apply(const Fault& fault) {
  switch (fault.kind) {
    case FaultKind::kStall:
      return Stall(fault.rank, fault.duration_ns);
    case FaultKind::kCrash:
      return Crash(fault.rank);
    case FaultKind::kCutLink:
      return CutLink(fault.rank, fault.peer, fault.duration_ns);
  }
}

void Network::Stall(int32_t rank, int64_t duration_ns) {
  Endpoint& state = states_[static_cast<size_t>(rank)];
  const int64_t until_ns = DeadlineAfterNs(clock_.now_ns(), duration_ns);
  if (until_ns <= state.stalled_until_ns) return;
  state.stalled_until_ns = until_ns;
  // Without this event nobody would come to poll it again.
  if (until_ns != kForeverNs) Schedule(until_ns, EventKind::kWake, rank, -1, 0);
}

void Network::Crash(int32_t rank) {
  Endpoint& state = states_[static_cast<size_t>(rank)];
  if (!state.alive) return;
  state.alive = false;
  SimTransport* dead = endpoints_[static_cast<size_t>(rank)];
  dead->Die();
  for (const SimTransport* other : endpoints_) {
    if (other == nullptr || other == dead) continue;
    const SimTransport::PeerState seen = other->peers_[static_cast<size_t>(rank)].state;
    const bool cares = seen == SimTransport::PeerState::kConnecting || seen == SimTransport::PeerState::kConnected;
    if (cares) SchedulePeerLost(other->rank(), rank, LossReason::kDied);
  }
}

void Network::CutLink(int32_t a, int32_t b, int64_t duration_ns) {
  const int64_t until_ns = DeadlineAfterNs(clock_.now_ns(), duration_ns);
  LinkBetween(a, b).Block(until_ns);
  LinkBetween(b, a).Block(until_ns);
  if (duration_ns < options_.detection_ns) return;
  SchedulePeerLost(a, b, LossReason::kCut);
  SchedulePeerLost(b, a, LossReason::kCut);
}

bool Network::Runs(int32_t rank) const {
  const Endpoint& state = states_[static_cast<size_t>(rank)];
  return state.alive && state.stalled_until_ns <= clock_.now_ns();
}

void Network::Leave(int32_t rank) {
  const auto index = static_cast<size_t>(rank);
  if (states_[index].alive) {
    SimTransport& leaving = *endpoints_[index];
    for (int32_t peer = 0; peer < options_.size; ++peer) {
      if (peer != rank) leaving.ClosePeer(peer);
    }
    states_[index].alive = false;
  }
  endpoints_[index] = nullptr;
}

}  // namespace tutti::sim
