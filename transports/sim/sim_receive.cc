// SPDX-License-Identifier: Apache-2.0
// The endpoint's receiving side: what each packet does, and matching.
#include <algorithm>
#include <cstring>

#include "lib/base/checks.h"
#include "transports/sim/network.h"
#include "transports/sim/sim_transport.h"

namespace tutti::sim {

void SimTransport::OnArrival(Packet&& packet) {
  const PeerState state = PeerAt(packet.source).state;
  if (state != PeerState::kConnecting && state != PeerState::kConnected) return;
  switch (packet.kind) {
    case PacketKind::kConnected:
      return OnConnected(packet.source);
    case PacketKind::kEager:
    case PacketKind::kAnnounce:
      return OnMessage(std::move(packet));
    case PacketKind::kPull:
      return OnPull(packet);
    case PacketKind::kSegment:
      return OnSegment(std::move(packet));
    case PacketKind::kDiscard:
      if (sends_.Get(packet.send_handle) != nullptr) FinishSend(packet.send_handle, /*moved=*/false);
      return;
    case PacketKind::kCredit:
      PeerAt(packet.source).credit_bytes += packet.bytes;
      return;
    case PacketKind::kClose:
      return OnClose(packet.source);
  }
}

void SimTransport::OnConnected(int32_t peer) {
  Peer& mine = PeerAt(peer);
  if (mine.state != PeerState::kConnecting) return;
  mine.state = PeerState::kConnected;
  for (uint64_t handle : mine.held_sends) {
    if (sends_.Get(handle) != nullptr) Start(handle);
  }
  mine.held_sends = {};
}

void SimTransport::PostRecvs(absl::Span<const RecvRequest> requests) {
  for (const RecvRequest& request : requests) {
    TUTTI_DCHECK(request.peer >= 0 && request.peer < network_.size(), "a receive from rank ", request.peer);
    TUTTI_DCHECK(PeerAt(request.peer).state != PeerState::kUnknown, "a receive from rank ", request.peer,
                 ", not connected");
    TUTTI_DCHECK(request.bytes <= capabilities_.max_message_bytes, "a receive of ", request.bytes, " bytes");
    if (!Accepts(request.peer, request.id, /*is_recv=*/true)) continue;
    const MatchKey key{request.peer, request.id};
    const auto kept = kept_.find(key);
    if (kept == kept_.end()) {
      const uint64_t handle = recvs_.Acquire(Recv{request, 0});
      [[maybe_unused]] const bool fresh = posted_.emplace(key, handle).second;
      TUTTI_DCHECK(fresh, "two receives of one message id");
      continue;
    }
    Packet message = std::move(*network_.packets_.Get(kept->second));
    network_.packets_.Release(kept->second);
    kept_.erase(kept);
    if (message.kind == PacketKind::kEager) {
      kept_bytes_ -= message.bytes;
      if (request.data != nullptr && request.bytes == message.bytes) counters_.payload_bytes_copied += message.bytes;
    }
    Match(request, std::move(message));
  }
}

bool SimTransport::HasKeptWhole(int32_t peer, const MessageId& id) const {
  const auto kept = kept_.find(MatchKey{peer, id});
  return kept != kept_.end() && network_.packets_.Get(kept->second)->kind == PacketKind::kEager;
}

void SimTransport::OnMessage(Packet&& packet) {
  if (closed_channels_.contains(packet.id.channel)) return Refuse(packet);
  const MatchKey key{packet.source, packet.id};
  const auto posted = posted_.find(key);
  if (posted != posted_.end()) {
    const RecvRequest request = recvs_.Get(posted->second)->request;
    recvs_.Release(posted->second);
    posted_.erase(posted);
    return Match(request, std::move(packet));
  }
  if (packet.kind == PacketKind::kEager) kept_bytes_ += packet.bytes;
  [[maybe_unused]] const bool fresh = kept_.emplace(key, network_.packets_.Acquire(std::move(packet))).second;
  TUTTI_DCHECK(fresh, "two messages of one id");
}

void SimTransport::Match(const RecvRequest& request, Packet&& message) {
  if (request.signature != message.signature || request.bytes != message.bytes) {
    Completion completion;
    completion.kind = CompletionKind::kMismatch;
    completion.peer = request.peer;
    completion.context = request.context;
    completion.bytes = message.bytes;
    completion.remote_signature = message.signature;
    Refuse(message);
    return PushReady(completion, request.id.channel);
  }
  if (message.kind == PacketKind::kEager) {
    ReturnCredit(message);
    const uint64_t bytes = message.bytes;
    return Deliver(request, std::move(message), 0, bytes);
  }
  Packet pull = ReplyTo(message, PacketKind::kPull);
  pull.recv_handle = recvs_.Acquire(Recv{request, 0});
  network_.Transmit(std::move(pull), network_.clock_.now_ns());
}

void SimTransport::OnPull(const Packet& packet) {
  Send* send = sends_.Get(packet.send_handle);
  if (send == nullptr) return;  // its channel was closed meanwhile
  send->recv_handle = packet.recv_handle;
  const uint64_t first_bytes = std::min(send->request.bytes, network_.options().segment_bytes);
  network_.ScheduleLeave(EventKind::kSendLeaves, rank_, packet.source, first_bytes, packet.send_handle);
}

void SimTransport::OnSegment(Packet&& packet) {
  Recv* recv = recvs_.Get(packet.recv_handle);
  if (recv == nullptr) return;  // its channel was closed meanwhile
  TUTTI_DCHECK(packet.offset == recv->received_bytes, "the segments of a message arrive out of order");
  const RecvRequest request = recv->request;
  recv->received_bytes += packet.segment_bytes;
  if (recv->received_bytes == request.bytes) recvs_.Release(packet.recv_handle);
  const uint64_t offset = packet.offset;
  const uint64_t bytes = packet.segment_bytes;
  Deliver(request, std::move(packet), offset, bytes);
}

void SimTransport::Deliver(const RecvRequest& request, Packet&& piece, uint64_t offset, uint64_t bytes) {
  counters_.payload_bytes_received += bytes;
  const bool last = offset + bytes == request.bytes;
  if (last) ++counters_.messages_received;
  Completion completion;
  completion.peer = request.peer;
  completion.context = request.context;
  completion.stamp = piece.stamp;
  if (request.data != nullptr || request.bytes == 0) {
    if (bytes > 0) std::memcpy(static_cast<std::byte*>(request.data) + offset, piece.payload.data(), bytes);
    if (!last) return;
    completion.kind = CompletionKind::kRecvDone;
    return PushReady(completion, request.id.channel);
  }
  completion.kind = CompletionKind::kRecvView;
  Prng& prng = network_.LinkBetween(piece.source, rank_).prng();
  for (uint64_t done = 0; done < bytes;) {
    const uint64_t blocks = (bytes - done + kViewGranularity - 1) / kViewGranularity;
    const uint64_t part_blocks = network_.options().split_views ? 1 + prng.Below(blocks) : blocks;
    const uint64_t part_bytes = std::min(part_blocks * kViewGranularity, bytes - done);
    completion.view = piece.payload.data() + done;
    completion.view_offset = offset + done;
    completion.bytes = part_bytes;
    done += part_bytes;
    // The last part owns the buffer, and is shown after the others.
    PushReady(completion, request.id.channel, done == bytes ? std::move(piece.payload) : PayloadPool::Payload());
  }
}

void SimTransport::Refuse(const Packet& message) {
  if (message.kind == PacketKind::kEager) return ReturnCredit(message);
  network_.Transmit(ReplyTo(message, PacketKind::kDiscard), network_.clock_.now_ns());
}

void SimTransport::ReturnCredit(const Packet& message) {
  Packet credit = ReplyTo(message, PacketKind::kCredit);
  credit.bytes = message.bytes + kKeptMessageBytes;
  network_.Transmit(std::move(credit), network_.clock_.now_ns());
}

Packet SimTransport::ReplyTo(const Packet& packet, PacketKind kind) const {
  Packet reply;
  reply.kind = kind;
  reply.source = rank_;
  reply.destination = packet.source;
  reply.id = packet.id;
  reply.send_handle = packet.send_handle;
  return reply;
}

}  // namespace tutti::sim
