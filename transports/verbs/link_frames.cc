// SPDX-License-Identifier: Apache-2.0
// What each frame means. Every number in a frame is checked here against what this rank knows before it is used.
#include <cstring>

#include "absl/strings/str_cat.h"

#include "transports/verbs/link.h"

namespace tutti::verbs {
namespace {

// GRANT and ANNOUNCE frames that wait for a request of this rank: the peer has as many requests posted, so this is far
// beyond what any program does; it bounds what a broken peer can make this rank remember.
constexpr uint64_t kMaxEarlyControl = 1 << 20;

}  // namespace

bool Link::BreakOff(absl::string_view what) {
  Fail(absl::StrCat("the peer broke the protocol: it sent ", what));
  return false;
}

void Link::SlotFreed() {
  if (state_ != State::kOpen) return;
  ++slots_owed_;
  if (CreditIsDue()) Touch();
}

// The peer may have been told before this end that messages go.
void Link::OnFrame(uint32_t rail, uint32_t slot, uint64_t bytes) {
  if (state_ == State::kHeld) {
    early_frames_.push_back({rail, slot, bytes});
  } else {
    TakeFrame(rail, slot, bytes);
  }
}

void Link::TakeFrame(uint32_t rail, uint32_t slot, uint64_t bytes) {
  bool keeps_slot = false;
  ++frames_received_;
  if (state_ != State::kOpen) {
    // An earlier frame has made the link fail.
  } else if (++slots_taken_ > context_.options.slots_per_peer) {
    (void)BreakOff("more frames than it has slots for");
  } else {
    const uint8_t* data = context_.rails[rail]->slots.data(slot);
    FrameHeader header;
    const char* wrong = DecodeFrame(data, bytes, &header);
    if (wrong != nullptr) {
      (void)BreakOff(wrong);
    } else if (!send_credit_.GiveBack(header.credit_bytes)) {
      (void)BreakOff("more credit than it was owed");
    } else if (header.returned_slots > peer_slots_ - slot_credits_) {
      (void)BreakOff("more slots than it was owed");
    } else {
      slot_credits_ += header.returned_slots;
      if (!frames_.empty() && header.returned_slots > 0) Touch();
      (void)OnHeader(header, data + kFrameHeaderBytes, {rail, slot}, &keeps_slot);
    }
  }
  if (keeps_slot) return;
  context_.rails[rail]->slots.Free(slot);
  SlotFreed();
}

bool Link::OnHeader(const FrameHeader& header, const uint8_t* payload, ReceiveSlot slot, bool* keeps_slot) {
  switch (header.kind) {
    case FrameKind::kEager:
      return OnEager(header, payload, slot, keeps_slot);
    case FrameKind::kData:
      return OnData(header, payload, slot, keeps_slot);
    case FrameKind::kAnnounce:
      return OnAnnounce(header);
    case FrameKind::kGrant:
      return OnGrant(header, DecodeGrant(payload));
    case FrameKind::kOpen:
      return OnOpenFrame(header.id, payload);
    case FrameKind::kClose:
      return OnCloseFrame(header.id.channel);
    case FrameKind::kConfirm:
      return OnConfirmFrame(header.id, payload);
    case FrameKind::kCredit:
      return true;
  }
  return BreakOff("a frame of unknown kind");
}

bool Link::OnEager(const FrameHeader& header, const uint8_t* payload, ReceiveSlot slot, bool* keeps_slot) {
  const uint64_t bytes = header.message_bytes;
  if (bytes > eager_bytes_) return BreakOff("a large message unasked");
  const uint64_t charge = EagerCharge(bytes);
  if (!receive_credit_.Arrived(charge)) return BreakOff("more small messages than it has credit for");
  if (IsClosed(header.id)) {
    receive_credit_.Consumed(charge);
    Touch();
    return true;
  }
  Incoming* incoming = incoming_.Find(header.id);
  if (incoming == nullptr) {
    incoming = incoming_.Insert(header.id);
    incoming->kept = true;
    incoming->remote_bytes = bytes;
    incoming->remote_signature = header.signature;
    incoming->stamp = header.stamp;
    if (bytes > 0) {
      incoming->buffer = context_.buffers.Allocate(bytes);
      std::memcpy(incoming->buffer.data, payload, bytes);
    }
    context_.counters.payload_bytes_received += bytes;
    context_.counters.payload_bytes_copied += bytes;
    return true;
  }
  if (!incoming->posted || incoming->announced || incoming->kept || incoming->finished)
    return BreakOff("the same message twice");
  receive_credit_.Consumed(charge);
  Touch();
  if (incoming->bytes != bytes || incoming->signature != header.signature) {
    ReportMismatch(header.id, *incoming, header.signature, bytes);
    RevokeGrants(header.id, *incoming);
    incoming_.Erase(header.id);
    return true;
  }
  incoming->stamp = header.stamp;
  Deliver(header.id, *incoming, payload, slot, keeps_slot);
  return true;
}

bool Link::OnData(const FrameHeader& header, const uint8_t* payload, ReceiveSlot slot, bool* keeps_slot) {
  if (IsClosed(header.id)) return true;
  Incoming* incoming = incoming_.Find(header.id);
  if (incoming == nullptr || !incoming->posted || !incoming->granted) return BreakOff("a message nobody asked for");
  if (header.message_bytes != incoming->bytes || header.signature != incoming->signature ||
      incoming->bytes > eager_bytes_) {
    return BreakOff("a message that differs from what was agreed");
  }
  incoming->stamp = header.stamp;
  Deliver(header.id, *incoming, payload, slot, keeps_slot);
  return true;
}

// A small message whose receive is posted. Erases the entry.
void Link::Deliver(const MessageId& id, Incoming& incoming, const uint8_t* payload, ReceiveSlot slot,
                   bool* keeps_slot) {
  context_.counters.payload_bytes_received += incoming.bytes;
  if (incoming.data != nullptr || incoming.bytes == 0) {
    if (incoming.bytes > 0) std::memcpy(incoming.data, payload, incoming.bytes);
    context_.counters.payload_bytes_copied += incoming.bytes;
    CompleteRecv(id, incoming);
    return;
  }
  *keeps_slot = true;
  LentMemory::Buffer lent;
  lent.kind = LentMemory::Kind::kReceiveSlot;
  lent.rail = slot.rail;
  lent.slot = slot.slot;
  lent.link = this;
  ShowView(id, incoming, payload, incoming.bytes, lent);
}

bool Link::OnAnnounce(const FrameHeader& header) {
  if (IsClosed(header.id)) return true;
  Incoming* incoming = incoming_.Find(header.id);
  if (incoming == nullptr) {
    if (++early_control_ > kMaxEarlyControl) return BreakOff("more announcements than can be kept");
    incoming = incoming_.Insert(header.id);
  } else if (incoming->finished) {
    incoming_.Erase(header.id);
    return true;
  } else if (incoming->announced || incoming->kept || (incoming->data == nullptr && incoming->received_bytes > 0)) {
    return BreakOff("the same message twice");
  }
  incoming->announced = true;
  incoming->stamp = header.stamp;
  incoming->remote_bytes = header.message_bytes;
  incoming->remote_signature = header.signature;
  if (!incoming->posted) return true;
  if (incoming->bytes == header.message_bytes && incoming->signature == header.signature) {
    if (!incoming->granted) GrantFor(header.id, *incoming);
    return state_ != State::kFailed;
  }
  // The sender sees the difference in the grant, and lets its buffer go: in one that is out, or in this one.
  if (incoming->granted_bytes == 0) PushControl(FrameKind::kGrant, header.id, incoming->signature, incoming->bytes);
  ReportMismatch(header.id, *incoming, header.signature, header.message_bytes);
  RevokeGrants(header.id, *incoming);
  incoming_.Erase(header.id);
  return true;
}

bool Link::OnGrant(const FrameHeader& header, const Grant& grant) {
  if (IsClosed(header.id)) return true;
  Outgoing* outgoing = outgoing_.Find(header.id);
  if (outgoing == nullptr) {
    if (++early_control_ > kMaxEarlyControl) return BreakOff("more grants than can be kept");
    outgoing = outgoing_.Insert(header.id);
    outgoing->remote_bytes = header.message_bytes;
    outgoing->remote_signature = header.signature;
    outgoing->grant = grant;
    return true;
  }
  if (!outgoing->posted) {
    if (early_grants_.size() >= kMaxEarlyControl) return BreakOff("more grants than can be kept");
    early_grants_.push_back({header.id, grant});
    return true;
  }
  if (outgoing->bytes == header.message_bytes && outgoing->signature == header.signature) {
    return UseGrant(header.id, *outgoing, grant);
  }
  // The announcement has told, or will tell, the receiver of the difference.
  if (outgoing->granted_bytes > 0) return BreakOff("grants that differ");
  const uint64_t context = outgoing->context;
  outgoing_.Erase(header.id);
  CompleteSend(header.id, context, 0);
  return true;
}

}  // namespace tutti::verbs
