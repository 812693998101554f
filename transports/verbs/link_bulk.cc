// SPDX-License-Identifier: Apache-2.0
// Large messages. The receiver grants memory: its caller's own, or, for a receive by view, staging memory piece by piece.
// The sender writes there, and its last write tells the receiver.
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

// What travels with the last write: enough of the grant's handle to find it, and to tell it from an older one.
uint32_t ImmediateOf(SlotPool<IssuedGrant>::Handle handle) {
  return static_cast<uint32_t>((handle & 0x7fff) << 16 | (handle >> 32 & 0xffff));
}

}  // namespace

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
  if (grant.bytes == 0 || grant.offset >= outgoing.bytes || grant.bytes > outgoing.bytes - grant.offset) {
    return BreakOff("a grant of bytes that the message does not have");
  }
  const auto found = channels_.find(id.channel);
  if (found != channels_.end() && found->second->peer_closed) return true;
  if (found == channels_.end() || grant.lane >= found->second->lanes.size()) {
    return BreakOff("a grant before its queue pair");
  }
  Lane& lane = found->second->lanes[grant.lane];
  // What was granted over a rail that is lost is granted again.
  const uint32_t rail = RailOf(grant.lane);
  if (lane.was_confirmed || (down_ & BitOf(rail)) != 0 || grant.joining != paths_[rail].joining) return true;
  if (lane.pair == nullptr || !lane.pair->connected()) return BreakOff("a grant before its queue pair");
  if (outgoing.region == Registrations::kNone) {
    outgoing.region = context_.registrations.Acquire(outgoing.data, outgoing.bytes, /*writable=*/false);
    if (outgoing.region == Registrations::kNone) {
      Fail(absl::StrCat("a send's ", outgoing.bytes,
                        " bytes cannot be registered: ", VerbsErrorName(context_.registrations.error())));
      return false;
    }
  }
  outgoing.granted_bytes += grant.bytes;
  Stream stream;
  stream.id = id;
  stream.data = outgoing.data + grant.offset;
  stream.bytes = grant.bytes;
  stream.address = grant.address;
  stream.local_key = context_.registrations.local_key(outgoing.region, rail);
  stream.key = grant.key;
  stream.immediate = outgoing.announced ? grant.immediate | kAnnounced : grant.immediate;
  if (lane.streams.full()) lane.streams.Reserve(2 * lane.streams.capacity());
  (void)lane.streams.Push(stream);
  Touch();
  return true;
}

void Link::PumpStreams(Lane& lane) {
  while (!lane.streams.empty() && lane.pair->room() > 0) {
    Stream& stream = lane.streams.Front();
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
    note.grant_bytes = stream.bytes;
    lane.pair->Append(request, absl::MakeSpan(&piece, 1), note);
    stream.posted_bytes += bytes;
    if (!last) continue;
    ++writes_posted_;
    lane.streams.DropFront();
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
  while (incoming.granted_bytes < incoming.bytes) {
    if (!IssueGrant(*channel, id, incoming)) return false;
  }
  return true;
}

// The lane that would be done first with one more write, by what its rail has to do and has recently achieved. kNoLane:
// none is joined yet.
uint32_t Link::PickLane(const Channel& channel) const {
  double fastest = 0;
  for (const auto& rail : context_.rails) fastest = std::max(fastest, rail->speed.rate());
  uint32_t best = kNoLane;
  double best_time = 0;
  for (uint32_t index = 0; index < channel.lanes.size(); ++index) {
    const Lane& lane = channel.lanes[index];
    if (lane.pair == nullptr || !lane.pair->connected() || (UpRails() & BitOf(RailOf(index))) == 0) continue;
    const RailSpeed& speed = context_.rails[RailOf(index)]->speed;
    // One of which nothing is known is taken for as fast as the fastest.
    const double rate = speed.rate() > 0 ? speed.rate() : fastest > 0 ? fastest : 1.0;
    const double time = static_cast<double>(speed.outstanding_bytes() + kWriteBytes) / rate;
    const bool is_better = best == kNoLane || time < best_time ||
                           (RailOf(index) == RailOf(best) && lane.grants_out < channel.lanes[best].grants_out);
    if (!is_better) continue;
    best = index;
    best_time = time;
  }
  return best;
}

// What was granted over a rail that is lost comes first.
Link::Hole Link::TakeUngranted(const MessageId& id, Incoming& incoming, uint64_t most_bytes) {
  Hole piece{id, incoming.next_offset, std::min(incoming.bytes - incoming.next_offset, most_bytes)};
  const auto hole = std::find_if(holes_.begin(), holes_.end(), [&](const Hole& lost) { return lost.id == id; });
  if (hole == holes_.end()) {
    incoming.next_offset += piece.bytes;
    return piece;
  }
  piece = *hole;
  piece.bytes = std::min(hole->bytes, most_bytes);
  hole->offset += piece.bytes;
  hole->bytes -= piece.bytes;
  if (hole->bytes == 0) holes_.erase(hole);
  return piece;
}

// False: it must wait, or the link failed. Over several lanes every write is granted by itself, so that each goes where it
// is done first; over one lane all that is left is granted together.
bool Link::IssueGrant(Channel& channel, const MessageId& id, Incoming& incoming) {
  const bool staged = incoming.data == nullptr;
  if (staged && incoming.grants_out >= kMaxStagedPerMessage) return false;
  const uint32_t lane = staged && incoming.lane != kNoLane ? incoming.lane : PickLane(channel);
  // The peer may have destroyed its end, and is about to say that it has closed the channel.
  if (lane == kNoLane || channel.lanes[lane].pair == nullptr) return false;
  Rail& rail = *context_.rails[RailOf(lane)];
  if (context_.grants.size() >= LinkContext::kMaxGrants || rail.grants >= rail.immediates.capacity()) return false;
  IssuedGrant issued;
  issued.link = this;
  issued.id = id;
  issued.rail = RailOf(lane);
  issued.lane = lane;
  issued.pair_number = channel.lanes[lane].pair->number();
  Grant grant;
  grant.lane = lane;
  grant.joining = paths_[issued.rail].joining;
  if (staged) {
    issued.staging = context_.staging.Take();
    if (issued.staging == SlotMemory::kNone) return false;
    incoming.lane = lane;
    grant.address = reinterpret_cast<uintptr_t>(context_.staging.data(issued.staging));
    grant.key = context_.staging.remote_key(issued.rail);
  } else {
    if (incoming.region == Registrations::kNone) {
      incoming.region = context_.registrations.Acquire(incoming.data, incoming.bytes, /*writable=*/true);
    }
    if (incoming.region == Registrations::kNone) {
      Fail(absl::StrCat("a receive's ", incoming.bytes,
                        " bytes cannot be registered: ", VerbsErrorName(context_.registrations.error())));
      return false;
    }
    grant.key = context_.registrations.remote_key(incoming.region, issued.rail);
  }
  const uint64_t most_bytes = staged                     ? context_.staging.slot_bytes()
                              : channel.lanes.size() > 1 ? kWriteBytes
                                                         : incoming.bytes;
  const Hole piece = TakeUngranted(id, incoming, most_bytes);
  issued.offset = piece.offset;
  issued.bytes = piece.bytes;
  if (!staged) grant.address = reinterpret_cast<uintptr_t>(incoming.data + piece.offset);
  const auto handle = context_.grants.Acquire(issued);
  context_.grant_of_index[handle & 0x7fff] = handle;
  ++incoming.grants_out;
  ++channel.lanes[lane].grants_out;
  ++rail.grants;
  rail.speed.Granted(issued.bytes);
  const int error = rail.immediates.Ensure(rail.grants);
  if (error != 0) {
    Fail(absl::StrCat("the RDMA device ", rail.device->name, " takes no more receives: ", VerbsErrorName(error)));
    return false;
  }
  incoming.granted_bytes += issued.bytes;
  grant.offset = issued.offset;
  grant.bytes = issued.bytes;
  grant.immediate = ImmediateOf(handle);
  SendGrant(grant, id, incoming);
  return true;
}

void Link::SendGrant(const Grant& grant, const MessageId& id, const Incoming& incoming) {
  OutFrame frame;
  frame.header.kind = FrameKind::kGrant;
  frame.header.id = id;
  frame.header.signature = incoming.signature;
  frame.header.message_bytes = incoming.bytes;
  frame.header.payload_bytes = kGrantBytes;
  EncodeGrant(grant, frame.extra.data());
  PushFrame(frame);
}

// It is not out any more.
void Link::ForgetGrant(const IssuedGrant& grant) {
  --context_.rails[grant.rail]->grants;
  const auto found = channels_.find(grant.id.channel);
  if (found != channels_.end()) --found->second->lanes[grant.lane].grants_out;
}

void Link::OnWritten(const IssuedGrant& grant, uint64_t last_bytes, uint32_t immediate) {
  ForgetGrant(grant);
  context_.rails[grant.rail]->speed.Arrived(grant.bytes, context_.clock.NowNs());
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
  if (const auto found = channels_.find(grant.id.channel); found != channels_.end()) {
    ++found->second->lanes[grant.lane].writes_received;
  }
  if (grant.staging == SlotMemory::kNone) {
    incoming->received_bytes += grant.bytes;
    if (incoming->received_bytes < incoming->bytes) return;
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
  if (!holes_.empty()) std::erase_if(holes_, [&](const Hole& hole) { return hole.id == id; });
  if (incoming.grants_out == 0) return;
  context_.grants.ForEach([&](SlotPool<IssuedGrant>::Handle handle, IssuedGrant& grant) {
    if (grant.link != this || !(grant.id == id)) return;
    ForgetGrant(grant);
    context_.rails[grant.rail]->speed.Revoked(grant.bytes);
    if (grant.staging != SlotMemory::kNone) context_.staging.Free(grant.staging);
    (void)context_.grants.Release(handle);
  });
  incoming.grants_out = 0;
  context_.retry_waiters = true;
}

}  // namespace tutti::verbs
