// SPDX-License-Identifier: Apache-2.0
// The network's time: events, packets and the hash of what happened. Faults are in network_faults.cc.
#include "transports/sim/network.h"

#include <algorithm>
#include <utility>

#include "lib/base/align.h"
#include "lib/base/checks.h"

namespace tutti::sim {
namespace {

NetworkOptions Checked(NetworkOptions options) {
  TUTTI_DCHECK(options.size >= 1, "a network of ", options.size, " endpoints");
  // Views are cut at these places.
  options.segment_bytes = std::max(RoundUp(options.segment_bytes, kViewGranularity), kViewGranularity);
  // Otherwise no message could ever leave before its receive; that is what eager_bytes 0 is for.
  options.unexpected_bytes = std::max(options.unexpected_bytes, options.eager_bytes + kKeptMessageBytes);
  return options;
}

}  // namespace

Network::Network(const NetworkOptions& options) : options_(Checked(options)) {
  const auto size = static_cast<size_t>(options_.size);
  states_.resize(size);
  for (int32_t rank = 0; rank < options_.size; ++rank) {
    owned_.push_back(std::make_unique<SimTransport>(*this, rank));
    endpoints_.push_back(owned_.back().get());
  }
  for (size_t i = 0; i < options_.faults.size(); ++i) {
    Schedule(options_.faults[i].at_ns, EventKind::kFault, -1, -1, i);
  }
}

Network::~Network() {
  // Endpoints reach for the network when they end; it is still whole now.
  owned_.clear();
  for ([[maybe_unused]] const SimTransport* endpoint : endpoints_) {
    TUTTI_DCHECK(endpoint == nullptr, "an endpoint outlives its network");
  }
}

std::unique_ptr<SimTransport> Network::TakeEndpoint(int32_t rank) {
  return std::move(owned_[static_cast<size_t>(rank)]);
}

void Network::ConnectAll() {
  for (SimTransport* from : endpoints_) {
    for (SimTransport* to : endpoints_) {
      if (from == to || from == nullptr || to == nullptr) continue;
      [[maybe_unused]] const absl::Status status = from->Connect(to->rank(), to->Address());
      TUTTI_DCHECK(status.ok(), status.ToString());
    }
  }
}

Link& Network::LinkBetween(int32_t from, int32_t to) {
  const uint64_t key = static_cast<uint64_t>(from) * static_cast<uint64_t>(options_.size) + static_cast<uint64_t>(to);
  std::unique_ptr<Link>& link = links_[key];
  if (link == nullptr) link = std::make_unique<Link>(options_.link, options_.seed, key);
  return *link;
}

void Network::SetLink(int32_t from, int32_t to, const LinkModel& model) { LinkBetween(from, to).set_model(model); }

PayloadPool::Payload Network::TakePayload(int32_t from, int32_t to, uint64_t bytes) {
  // Bytes from a wire begin anywhere.
  const size_t skew_bytes = LinkBetween(from, to).prng().Below(PayloadPool::kMaxSkewBytes);
  return payloads_.Take(bytes, skew_bytes);
}

void Network::Schedule(int64_t time_ns, EventKind kind, int32_t owner, int32_t peer, uint64_t handle) {
  Push({time_ns, next_order_++, kind, owner, peer, handle});
}

void Network::Push(const Event& event) {
  events_.push_back(event);
  std::push_heap(events_.begin(), events_.end());
}

Event Network::PopEvent() {
  std::pop_heap(events_.begin(), events_.end());
  const Event event = events_.back();
  events_.pop_back();
  return event;
}

int64_t Network::Transmit(Packet&& packet, int64_t left_ns, int64_t not_before_ns) {
  const int32_t from = packet.source;
  const int32_t to = packet.destination;
  const int64_t arrival_ns = LinkBetween(from, to).Arrive(left_ns, not_before_ns);
  if (arrival_ns == kForeverNs) {
    const bool cut = LinkBetween(from, to).blocked_until_ns() == kForeverNs;
    const LossReason reason = cut ? LossReason::kCut : LossReason::kGaveUp;
    SchedulePeerLost(from, to, reason);
    SchedulePeerLost(to, from, reason);
    return kForeverNs;
  }
  const uint64_t handle = packets_.Acquire(std::move(packet));
  Schedule(arrival_ns, EventKind::kArrives, to, from, handle);
  return arrival_ns;
}

void Network::TransmitLast(Packet&& packet) {
  const int32_t from = packet.source;
  const int32_t to = packet.destination;
  const int64_t arrival_ns = LinkBetween(from, to).ArriveLast(clock_.now_ns());
  Schedule(arrival_ns, EventKind::kArrives, to, from, packets_.Acquire(std::move(packet)));
}

void Network::ScheduleLeave(EventKind kind, int32_t from, int32_t to, uint64_t bytes, uint64_t handle) {
  Schedule(LinkBetween(from, to).Leave(clock_.now_ns(), bytes), kind, from, to, handle);
}

void Network::SchedulePeerLost(int32_t rank, int32_t peer, LossReason reason) {
  const int64_t time_ns = DeadlineAfterNs(clock_.now_ns(), options_.detection_ns);
  Schedule(time_ns, EventKind::kPeerLost, rank, peer, static_cast<uint64_t>(reason));
}

int64_t Network::next_event_ns() const { return events_.empty() ? kForeverNs : events_.front().time_ns; }

bool Network::AdvanceToNextEvent() {
  const int64_t time_ns = next_event_ns();
  if (time_ns == kForeverNs) return false;
  AdvanceTo(time_ns);
  return true;
}

void Network::AdvanceTo(int64_t time_ns) {
  while (!events_.empty() && events_.front().time_ns <= time_ns && events_.front().time_ns != kForeverNs) {
    const Event event = PopEvent();
    clock_.AdvanceTo(event.time_ns);
    Handle(event);
  }
  clock_.AdvanceTo(time_ns);
}

bool Network::Intercept(Event& event) {
  if (event.owner < 0) return false;
  const auto owner = static_cast<size_t>(event.owner);
  const bool has_packet = event.kind == EventKind::kArrives || event.kind == EventKind::kPacketLeaves;
  int64_t wait_until_ns = 0;
  if (!states_[owner].alive) {
    wait_until_ns = kForeverNs;
  } else {
    wait_until_ns = states_[owner].stalled_until_ns;
    if (event.kind == EventKind::kArrives) {
      wait_until_ns = std::max(wait_until_ns, LinkBetween(event.peer, event.owner).blocked_until_ns());
    }
  }
  if (wait_until_ns <= clock_.now_ns()) return false;
  if (wait_until_ns == kForeverNs) {
    if (has_packet) packets_.Release(event.handle);
    return true;
  }
  event.time_ns = wait_until_ns;  // its order is kept, and with it the order of all that waits
  Push(event);
  return true;
}

void Network::Handle(Event event) {
  if (Intercept(event)) return;
  ++num_events_;
  TraceEvent(event);
  if (event.kind == EventKind::kFault) return Apply(options_.faults[event.handle]);
  SimTransport& owner = *endpoints_[static_cast<size_t>(event.owner)];
  switch (event.kind) {
    case EventKind::kArrives: {
      Packet packet = std::move(*packets_.Get(event.handle));
      packets_.Release(event.handle);
      return owner.OnArrival(std::move(packet));
    }
    case EventKind::kPacketLeaves: {
      Packet packet = std::move(*packets_.Get(event.handle));
      packets_.Release(event.handle);
      owner.OnPacketLeaves(packet);
      Transmit(std::move(packet), clock_.now_ns());
      return;
    }
    case EventKind::kSendLeaves:
      return owner.OnSendLeaves(event.handle);
    case EventKind::kPeerLost:
      return owner.OnPeerLost(event.peer, static_cast<LossReason>(event.handle));
    case EventKind::kFault:
    case EventKind::kWake:
      return;
  }
}

void Network::TraceEvent(const Event& event) {
  // Not the handle: which slot a packet has may differ from run to run.
  Trace({static_cast<uint64_t>(event.time_ns), static_cast<uint64_t>(event.kind), static_cast<uint32_t>(event.owner),
         static_cast<uint32_t>(event.peer)});
  if (event.kind != EventKind::kArrives && event.kind != EventKind::kPacketLeaves) return;
  const Packet& packet = *packets_.Get(event.handle);
  Trace({static_cast<uint64_t>(packet.kind), packet.id.channel, packet.id.index, packet.id.sequence, packet.signature,
         packet.bytes, packet.offset, packet.segment_bytes});
}

void Network::Trace(std::initializer_list<uint64_t> words) {
  for (uint64_t word : words) {
    uint64_t state = trace_hash_ ^ word;
    trace_hash_ = SplitMix64(state);
  }
}

}  // namespace tutti::sim
