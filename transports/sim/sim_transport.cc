// SPDX-License-Identifier: Apache-2.0
// The endpoint's control path, its sending side and Poll.
#include "transports/sim/sim_transport.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "lib/base/checks.h"
#include "transports/sim/network.h"

namespace tutti::sim {
namespace {

constexpr absl::string_view kAddressPrefix = "sim:";

// What a view holds once it may no longer be read.
constexpr int kStaleByte = 0xdb;

}  // namespace

SimTransport::SimTransport(Network& network, int32_t rank) : network_(network), rank_(rank) {
  capabilities_.name = "sim";
  capabilities_.eager_bytes = network.options().eager_bytes;
  capabilities_.max_message_bytes = network.options().max_message_bytes;
  peers_.resize(static_cast<size_t>(network.size()));
}

SimTransport::~SimTransport() { network_.Leave(rank_); }

std::string SimTransport::Address() const { return absl::StrCat(kAddressPrefix, rank_); }

absl::Status SimTransport::Connect(int32_t peer, absl::string_view address) {
  if (peer < 0 || peer >= network_.size() || peer == rank_) {
    return absl::InvalidArgumentError(absl::StrCat("sim: rank ", rank_, " cannot connect to rank ", peer,
                                                   " of a network of ", network_.size(), " endpoints"));
  }
  absl::string_view number = address;
  int32_t named = -1;
  if (!absl::ConsumePrefix(&number, kAddressPrefix) || !absl::SimpleAtoi(number, &named) || named != peer) {
    return absl::InvalidArgumentError(absl::StrCat("sim: the address of rank ", peer, " must be \"", kAddressPrefix,
                                                   peer, "\"; pass what its Address() returned"));
  }
  Peer& mine = PeerAt(peer);
  if (mine.state != PeerState::kUnknown || !alive_) return absl::OkStatus();
  mine.state = PeerState::kConnecting;
  mine.credit_bytes = network_.options().unexpected_bytes;

  SimTransport* other = network_.endpoints_[static_cast<size_t>(peer)];
  const PeerState theirs = other != nullptr && other->alive_ ? other->PeerAt(rank_).state : PeerState::kFailed;
  if (theirs == PeerState::kFailed || theirs == PeerState::kClosed) {
    network_.SchedulePeerLost(rank_, peer, LossReason::kDied);
  } else if (theirs == PeerState::kConnecting) {
    for (const auto& [from, to] : {std::pair(rank_, peer), std::pair(peer, rank_)}) {
      Packet packet;
      packet.kind = PacketKind::kConnected;
      packet.source = from;
      packet.destination = to;
      network_.Transmit(std::move(packet), network_.clock_.now_ns());
    }
  }
  return absl::OkStatus();
}

std::string SimTransport::PeerError(int32_t peer) const {
  if (peer < 0 || peer >= network_.size()) return "";
  switch (peers_[static_cast<size_t>(peer)].reason) {
    case LossReason::kNone:
      return "";
    case LossReason::kDied:
      return "its process has died (simulated crash)";
    case LossReason::kCut:
      return "nothing passes between the two any more (simulated cut of the link)";
    case LossReason::kGaveUp:
      return "a packet was lost in all its retransmissions (simulated loss)";
    case LossReason::kClosed:
      return "the other end closed the connection";
  }
  return "";
}

bool SimTransport::Accepts(int32_t peer, const MessageId& id, bool is_recv) {
  if (!alive_ || closed_channels_.contains(id.channel)) return false;
  const PeerState state = PeerAt(peer).state;
  if (state == PeerState::kConnecting || state == PeerState::kConnected) return true;
  if (state != PeerState::kLeft) return false;
  if (is_recv && HasKeptWhole(peer, id)) return true;
  Lose(peer, LossReason::kClosed);
  return false;
}

void SimTransport::PostSends(absl::Span<const SendRequest> requests) {
  for (const SendRequest& request : requests) {
    TUTTI_DCHECK(request.peer >= 0 && request.peer < network_.size(), "a send to rank ", request.peer);
    TUTTI_DCHECK(PeerAt(request.peer).state != PeerState::kUnknown, "a send to rank ", request.peer, ", not connected");
    TUTTI_DCHECK(request.bytes <= capabilities_.max_message_bytes, "a send of ", request.bytes, " bytes");
    if (!Accepts(request.peer, request.id, /*is_recv=*/false)) continue;
    const uint64_t handle = sends_.Acquire();
    sends_.Get(handle)->request = request;
    Peer& peer = PeerAt(request.peer);
    if (peer.state == PeerState::kConnecting) {
      peer.held_sends.push_back(handle);
    } else {
      Start(handle);
    }
  }
}

void SimTransport::Start(uint64_t send_handle) {
  Send& send = *sends_.Get(send_handle);
  const SendRequest& request = send.request;
  Peer& peer = PeerAt(request.peer);
  const uint64_t cost_bytes = request.bytes + kKeptMessageBytes;
  if (request.bytes > capabilities_.eager_bytes || cost_bytes > peer.credit_bytes) return Announce(send_handle);

  peer.credit_bytes -= cost_bytes;
  if (!network_.options().complete_sends_early) {
    send.eager = true;
    network_.ScheduleLeave(EventKind::kSendLeaves, rank_, request.peer, request.bytes, send_handle);
    return;
  }
  Packet packet;
  packet.kind = PacketKind::kEager;
  packet.stamp = request.stamp;
  packet.source = rank_;
  packet.destination = request.peer;
  packet.id = request.id;
  packet.signature = request.signature;
  packet.bytes = request.bytes;
  packet.payload = network_.TakePayload(rank_, request.peer, request.bytes);
  if (request.bytes > 0) std::memcpy(packet.payload.data(), request.data, request.bytes);
  counters_.payload_bytes_copied += request.bytes;
  unsent_bytes_ += cost_bytes;
  const uint64_t packet_handle = network_.packets_.Acquire(std::move(packet));
  network_.ScheduleLeave(EventKind::kPacketLeaves, rank_, request.peer, request.bytes, packet_handle);
  FinishSend(send_handle, /*moved=*/true);
}

void SimTransport::OnPacketLeaves(const Packet& packet) { unsent_bytes_ -= packet.bytes + kKeptMessageBytes; }

void SimTransport::Announce(uint64_t send_handle) {
  const SendRequest& request = sends_.Get(send_handle)->request;
  Packet packet;
  packet.kind = PacketKind::kAnnounce;
  packet.source = rank_;
  packet.destination = request.peer;
  packet.id = request.id;
  packet.signature = request.signature;
  packet.bytes = request.bytes;
  packet.send_handle = send_handle;
  network_.Transmit(std::move(packet), network_.clock_.now_ns());
}

void SimTransport::OnSendLeaves(uint64_t send_handle) {
  Send* send = sends_.Get(send_handle);
  if (send == nullptr) return;  // its channel or its peer was closed meanwhile
  const SendRequest& request = send->request;
  const uint64_t left_bytes = request.bytes - send->left_bytes;
  const uint64_t piece_bytes = send->eager ? left_bytes : std::min(left_bytes, network_.options().segment_bytes);

  Packet packet;
  packet.kind = send->eager ? PacketKind::kEager : PacketKind::kSegment;
  packet.stamp = request.stamp;
  packet.source = rank_;
  packet.destination = request.peer;
  packet.id = request.id;
  packet.signature = request.signature;
  packet.bytes = request.bytes;
  packet.offset = send->left_bytes;
  packet.segment_bytes = piece_bytes;
  packet.recv_handle = send->recv_handle;
  packet.payload = network_.TakePayload(rank_, request.peer, piece_bytes);
  if (piece_bytes > 0) {
    std::memcpy(packet.payload.data(), static_cast<const std::byte*>(request.data) + send->left_bytes, piece_bytes);
  }
  send->left_bytes += piece_bytes;
  send->last_arrival_ns = network_.Transmit(std::move(packet), network_.clock_.now_ns(), send->last_arrival_ns);

  if (send->left_bytes == request.bytes) return FinishSend(send_handle, /*moved=*/true);
  const uint64_t next_bytes = std::min(request.bytes - send->left_bytes, network_.options().segment_bytes);
  network_.ScheduleLeave(EventKind::kSendLeaves, rank_, request.peer, next_bytes, send_handle);
}

void SimTransport::FinishSend(uint64_t send_handle, bool moved) {
  const SendRequest request = sends_.Get(send_handle)->request;
  sends_.Release(send_handle);
  if (moved) {
    ++counters_.messages_sent;
    counters_.payload_bytes_sent += request.bytes;
  }
  Completion completion;
  completion.kind = CompletionKind::kSendDone;
  completion.peer = request.peer;
  completion.context = request.context;
  PushReady(completion, request.id.channel);
}

size_t SimTransport::Poll(absl::Span<Completion> out) {
  if (!network_.Runs(rank_)) return 0;
  for (absl::Span<std::byte> view : lent_views_) std::memset(view.data(), kStaleByte, view.size());
  lent_views_.clear();
  lent_payloads_.clear();

  size_t count = 0;
  while (count < out.size() && !ready_.empty()) {
    Ready ready = ready_.Pop();
    const Completion& completion = ready.completion;
    if (completion.kind == CompletionKind::kRecvView) {
      auto* view = const_cast<std::byte*>(static_cast<const std::byte*>(completion.view));
      lent_views_.push_back(absl::MakeSpan(view, completion.bytes));
      lent_payloads_.push_back(std::move(ready.payload));
    }
    network_.Trace({static_cast<uint64_t>(completion.kind), static_cast<uint32_t>(rank_),
                    static_cast<uint32_t>(completion.peer), completion.view_offset, completion.bytes,
                    completion.remote_signature});
    out[count++] = completion;
  }
  return count;
}

void SimTransport::PushReady(const Completion& completion, uint32_t channel, PayloadPool::Payload payload) {
  if (ready_.full()) ready_.Reserve(std::max<size_t>(64, 2 * ready_.capacity()));
  const bool pushed = ready_.Push(Ready{completion, channel, std::move(payload)});
  TUTTI_DCHECK(pushed, "the queue of completions is full");
}

}  // namespace tutti::sim
