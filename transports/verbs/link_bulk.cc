// SPDX-License-Identifier: Apache-2.0
// Large messages. The receiver grants memory: its caller's own, or, for a receive by view, staging memory piece by piece.
// The sender writes there, and its last write tells the receiver. Each channel has a queue pair of its own for this,
// made when the first large message of the channel is met.
#include <endian.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "transports/verbs/link.h"
#include "transports/verbs/link_depths.h"

namespace tutti::verbs {
namespace {

constexpr uint32_t kMaxStagedPerMessage = 4;
constexpr size_t kMaxChannels = 4096;  // with large messages, that one peer may have open
constexpr size_t kExpectedStreams = 64;

// What travels with the last write: enough of the grant's handle to find it, and to tell it from an older one.
uint32_t ImmediateOf(SlotPool<IssuedGrant>::Handle handle) {
  return static_cast<uint32_t>((handle & 0x7fff) << 16 | (handle >> 32 & 0xffff));
}

}  // namespace

// nullptr if the link failed. The pair is joined when the peer's OPEN comes.
Link::Channel* Link::EnsureChannel(uint32_t channel) {
  std::unique_ptr<Channel>& entry = channels_[channel];
  if (entry == nullptr) {
    entry = std::make_unique<Channel>();
    entry->streams.Reserve(kExpectedStreams);
  }
  if (entry->pair != nullptr || entry->peer_closed) return entry.get();
  auto pair = MakePair(/*is_bulk=*/true, channel, &entry->handle);
  if (!pair.ok()) {
    Fail(pair.status().message());
    return nullptr;
  }
  entry->pair = *std::move(pair);
  const PairAddress address = entry->pair->Address(*context_.device);
  OutFrame frame;
  frame.header.kind = FrameKind::kOpen;
  frame.header.id.channel = channel;
  frame.header.payload_bytes = kOpenBytes;
  std::memcpy(frame.extra.data(), &address.number, 4);
  std::memcpy(frame.extra.data() + 4, &address.first_packet, 4);
  PushFrame(frame);
  return entry.get();
}

void Link::DropChannelPair(Channel& channel) {
  DropPair(channel.pair, channel.handle, kBulkDepth, [](const Pair::Note&) {});
  channel.streams.Clear();
}

bool Link::OnOpenFrame(uint32_t channel, const uint8_t* payload) {
  if (context_.closed_channels.Contains(channel)) return true;
  if (channels_.size() >= kMaxChannels && !channels_.contains(channel))
    return BreakOff("more channels than are possible");
  PairAddress address = remote_;
  std::memcpy(&address.number, payload, 4);
  std::memcpy(&address.first_packet, payload + 4, 4);
  if (address.number >= (1u << 24) || address.first_packet >= (1u << 24)) return BreakOff("an impossible queue pair");
  Channel* entry = EnsureChannel(channel);
  if (entry == nullptr) return false;
  if (entry->peer_closed || entry->pair->connected()) return BreakOff("the same channel twice");
  const absl::Status status = entry->pair->Connect(*context_.device, context_.options.port, address);
  if (!status.ok()) {
    Fail(status.message());
    return false;
  }
  context_.retry_waiters = true;
  return true;
}

// Nothing of the channel can be written or is asked for any more. Sends that the peer has not received end when this rank
// closes it, too.
bool Link::OnCloseFrame(uint32_t channel, const uint8_t* payload) {
  const auto found = channels_.find(channel);
  if (found == channels_.end()) return true;
  found->second->peer_closed = true;
  uint64_t received = 0;
  std::memcpy(&received, payload, kCloseBytes);
  ConfirmWrites(*found->second, received);
  return true;
}

// A write's bytes are in the peer's memory.
void Link::OnWriteDone(Channel& channel, const Pair::Note& note) {
  if (note.ends_grant) ++channel.writes_done;
  if (!note.ends_message) return;
  const Outgoing* outgoing = outgoing_.Find(note.id);
  if (outgoing == nullptr) return;
  context_.registrations.Release(outgoing->region);
  ++context_.counters.messages_sent;
  CompleteSend(note.id, outgoing->context, outgoing->bytes);
  outgoing_.Erase(note.id);
}

// The peer says that it has received so many, and destroys its queue pair: acknowledgements that the network has lost will
// not come again.
void Link::ConfirmWrites(Channel& channel, uint64_t received) {
  DropPair(channel.pair, channel.handle, kBulkDepth, [&](const Pair::Note& note) {
    if (channel.writes_done < received) OnWriteDone(channel, note);
  });
  channel.streams.Clear();
}

// False if the link failed.
bool Link::UseGrant(const MessageId& id, Outgoing& outgoing, const Grant& grant) {
  if (outgoing.bytes <= eager_bytes_) {
    OutFrame frame;
    frame.header.kind = FrameKind::kData;
    frame.header.id = id;
    frame.header.signature = outgoing.signature;
    frame.header.message_bytes = outgoing.bytes;
    frame.header.payload_bytes = static_cast<uint32_t>(outgoing.bytes);
    frame.header.stamp = outgoing.stamp;
    frame.payload = outgoing.data;
    frame.context = outgoing.context;
    frame.completes_send = true;
    outgoing_.Erase(id);
    PushFrame(frame);
    return true;
  }
  const uint64_t left = outgoing.bytes - outgoing.granted_bytes;
  if (grant.offset != outgoing.granted_bytes || grant.bytes == 0 || grant.bytes > left) {
    return BreakOff("a grant of bytes that the message does not have");
  }
  const auto found = channels_.find(id.channel);
  if (found != channels_.end() && found->second->peer_closed) return true;
  if (found == channels_.end() || found->second->pair == nullptr || !found->second->pair->connected()) {
    return BreakOff("a grant before its queue pair");
  }
  if (outgoing.region == Registrations::kNone) {
    outgoing.region = context_.registrations.Acquire(outgoing.data, outgoing.bytes, /*writable=*/false);
    if (outgoing.region == Registrations::kNone) {
      Fail(absl::StrCat("a send's ", outgoing.bytes, " bytes cannot be registered with ", context_.device->name, ": ",
                        VerbsErrorName(context_.registrations.error())));
      return false;
    }
  }
  outgoing.granted_bytes += grant.bytes;
  Stream stream;
  stream.id = id;
  stream.data = outgoing.data + grant.offset;
  stream.bytes = grant.bytes;
  stream.address = grant.address;
  stream.local_key = context_.registrations.local_key(outgoing.region);
  stream.key = grant.key;
  stream.immediate = outgoing.announced ? grant.immediate | kAnnounced : grant.immediate;
  stream.ends_message = outgoing.granted_bytes == outgoing.bytes;
  FixedRing<Stream>& streams = found->second->streams;
  if (streams.full()) streams.Reserve(2 * streams.capacity());
  (void)streams.Push(stream);
  Touch();
  return true;
}

void Link::PumpStreams(Channel& channel) {
  while (!channel.streams.empty() && channel.pair->room() > 0) {
    Stream& stream = channel.streams.Front();
    const uint64_t bytes = std::min(kWriteBytes, stream.bytes - stream.posted_bytes);
    const bool last = stream.posted_bytes + bytes == stream.bytes;
    ibv_sge piece = {};
    piece.addr = reinterpret_cast<uintptr_t>(stream.data + stream.posted_bytes);
    piece.length = static_cast<uint32_t>(bytes);
    piece.lkey = stream.local_key;
    ibv_send_wr request = {};
    request.opcode = last ? IBV_WR_RDMA_WRITE_WITH_IMM : IBV_WR_RDMA_WRITE;
    request.imm_data = htobe32(stream.immediate);
    request.wr.rdma.remote_addr = stream.address + stream.posted_bytes;
    request.wr.rdma.rkey = stream.key;
    Pair::Note note;
    note.id = stream.id;
    note.ends_grant = last;
    note.ends_message = last && stream.ends_message;
    channel.pair->Append(request, absl::MakeSpan(&piece, 1), note);
    stream.posted_bytes += bytes;
    if (!last) continue;
    ++writes_posted_;
    channel.streams.DropFront();
  }
}

// The receive is posted and its sender is to go on.
void Link::GrantFor(const MessageId& id, Incoming& incoming) {
  incoming.granted = true;
  if (incoming.bytes <= eager_bytes_) {
    PushControl(FrameKind::kGrant, id, incoming.signature, incoming.bytes);
    return;
  }
  if (TryGrant(id, incoming) || state_ == State::kFailed || incoming.waiting) return;
  incoming.waiting = true;
  if (context_.waiters.full()) context_.waiters.Reserve(std::max<size_t>(64, 2 * context_.waiters.capacity()));
  (void)context_.waiters.Push({this, id});
}

bool Link::RetryGrant(const MessageId& id) {
  Incoming* incoming = incoming_.Find(id);
  if (state_ != State::kOpen || incoming == nullptr || !incoming->waiting) return true;
  if (!TryGrant(id, *incoming) && state_ == State::kOpen) return false;
  if (state_ == State::kOpen) incoming->waiting = false;
  return true;
}

// True: there is nothing left to grant.
bool Link::TryGrant(const MessageId& id, Incoming& incoming) {
  Channel* channel = EnsureChannel(id.channel);
  if (channel == nullptr || channel->peer_closed) return true;
  if (!channel->pair->connected()) return false;
  while (incoming.granted_bytes < incoming.bytes) {
    if (!IssueGrant(*channel, id, incoming)) return false;
  }
  return true;
}

// False: it must wait, or the link failed.
bool Link::IssueGrant(Channel& channel, const MessageId& id, Incoming& incoming) {
  const bool staged = incoming.data == nullptr;
  if (context_.grants.size() >= context_.immediates.capacity()) return false;
  if (staged && incoming.grants_out >= kMaxStagedPerMessage) return false;
  IssuedGrant issued;
  issued.link = this;
  issued.id = id;
  issued.offset = incoming.granted_bytes;
  issued.bytes = incoming.bytes - incoming.granted_bytes;
  issued.pair_number = channel.pair->number();
  Grant grant;
  if (staged) {
    issued.staging = context_.staging.Take();
    if (issued.staging == SlotMemory::kNone) return false;
    issued.bytes = std::min(issued.bytes, context_.staging.slot_bytes());
    grant.address = reinterpret_cast<uintptr_t>(context_.staging.data(issued.staging));
    grant.key = context_.staging.remote_key();
  } else {
    incoming.region = context_.registrations.Acquire(incoming.data, incoming.bytes, /*writable=*/true);
    if (incoming.region == Registrations::kNone) {
      Fail(absl::StrCat("a receive's ", incoming.bytes, " bytes cannot be registered with ", context_.device->name,
                        ": ", VerbsErrorName(context_.registrations.error())));
      return false;
    }
    grant.address = reinterpret_cast<uintptr_t>(incoming.data);
    grant.key = context_.registrations.remote_key(incoming.region);
  }
  const auto handle = context_.grants.Acquire(issued);
  context_.grant_of_index[handle & 0x7fff] = handle;
  ++incoming.grants_out;
  const int error = context_.immediates.Ensure(static_cast<uint32_t>(context_.grants.size()));
  if (error != 0) {
    Fail(absl::StrCat("the RDMA device ", context_.device->name, " takes no more receives: ", VerbsErrorName(error)));
    return false;
  }
  incoming.granted_bytes += issued.bytes;
  grant.offset = issued.offset;
  grant.bytes = issued.bytes;
  grant.immediate = ImmediateOf(handle);
  OutFrame frame;
  frame.header.kind = FrameKind::kGrant;
  frame.header.id = id;
  frame.header.signature = incoming.signature;
  frame.header.message_bytes = incoming.bytes;
  frame.header.payload_bytes = kGrantBytes;
  EncodeGrant(grant, frame.extra.data());
  PushFrame(frame);
  return true;
}

void Link::OnWritten(const IssuedGrant& grant, uint64_t last_bytes, uint32_t immediate) {
  Incoming* incoming = incoming_.Find(grant.id);
  if (incoming == nullptr || incoming->grants_out == 0) return;
  --incoming->grants_out;
  const uint64_t expected = (grant.bytes - 1) % kWriteBytes + 1;
  if (last_bytes != expected || (grant.staging != SlotMemory::kNone && grant.offset != incoming->received_bytes)) {
    if (grant.staging != SlotMemory::kNone) context_.staging.Free(grant.staging);
    (void)BreakOff("other bytes than it was granted");
    return;
  }
  context_.counters.payload_bytes_received += grant.bytes;
  ++writes_received_;
  if (const auto found = channels_.find(grant.id.channel); found != channels_.end()) ++found->second->writes_received;
  if (grant.staging == SlotMemory::kNone) {
    context_.registrations.Release(incoming->region);
    incoming->region = Registrations::kNone;
    incoming->finished = (immediate & kAnnounced) != 0 && !incoming->announced;
    CompleteRecv(grant.id, *incoming);
    return;
  }
  LentMemory::Buffer lent;
  lent.kind = LentMemory::Kind::kStaging;
  lent.slot = grant.staging;
  ShowView(grant.id, *incoming, context_.staging.data(grant.staging), grant.bytes, lent);
}

// Takes back what was granted of a message that will not come. The peer does not write there: it has seen the
// difference, or its queue pair is gone.
void Link::RevokeGrants(const MessageId& id, Incoming& incoming) {
  context_.registrations.Release(incoming.region);
  incoming.region = Registrations::kNone;
  if (incoming.grants_out == 0) return;
  context_.grants.ForEach([&](SlotPool<IssuedGrant>::Handle handle, IssuedGrant& grant) {
    if (grant.link != this || !(grant.id == id)) return;
    if (grant.staging != SlotMemory::kNone) context_.staging.Free(grant.staging);
    (void)context_.grants.Release(handle);
  });
  incoming.grants_out = 0;
  context_.retry_waiters = true;
}

}  // namespace tutti::verbs
