// SPDX-License-Identifier: Apache-2.0
// What each frame means. Every number in a header is checked here against what this rank knows before it is used.
#include "absl/strings/str_cat.h"

#include "transports/tcp/link.h"

namespace tutti::tcp {
namespace {

// READY and ANNOUNCE frames that wait for a request of this rank: the peer has as many requests posted, so this is far
// beyond what any program does; it bounds what a broken peer can make this rank remember.
constexpr uint64_t kMaxEarlyControl = 1 << 20;

}  // namespace

bool Link::BreakOff(absl::string_view what) {
  Fail(absl::StrCat("the peer broke the protocol: it sent ", what));
  return false;
}

bool Link::OnFrame(const FrameHeader& header) {
  if (header.message_bytes > kMaxMessageBytes) return BreakOff("a message longer than any may be");
  if (!send_credit_.GiveBack(header.credit_bytes)) return BreakOff("more credit than it was owed");
  switch (header.kind) {
    case FrameKind::kEager:
      return OnEager(header);
    case FrameKind::kAnnounce:
      return OnAnnounce(header);
    case FrameKind::kReady:
      return OnReady(header);
    case FrameKind::kData:
      return OnData(header);
    case FrameKind::kCredit:
      return true;
  }
  return BreakOff("a frame of unknown kind");
}

bool Link::OnEager(const FrameHeader& header) {
  const uint64_t bytes = header.message_bytes;
  if (bytes > eager_bytes_) return BreakOff("a large message unasked");
  if (!receive_credit_.Arrived(EagerCharge(bytes))) return BreakOff("more small messages than it has credit for");
  if (IsClosed(header.id)) {
    ConsumeCredit(bytes);
    BeginPayload(PayloadMode::kDiscard, header, nullptr);
    return EndPayload();
  }
  Incoming* incoming = incoming_.Find(header.id);
  if (incoming == nullptr) {
    incoming = incoming_.Insert(header.id);
    incoming->kept = true;
    incoming->remote_bytes = bytes;
    incoming->remote_signature = header.signature;
    if (bytes > 0) incoming->buffer = context_.buffers.Allocate(bytes);
    BeginPayload(PayloadMode::kKeep, header, incoming);
    return EndPayload();
  }
  if (!incoming->posted || incoming->announced || incoming->kept || incoming->received_bytes > 0) {
    return BreakOff("the same message twice");
  }
  ConsumeCredit(bytes);
  if (incoming->bytes != bytes || incoming->signature != header.signature) {
    ReportMismatch(header.id, incoming->context, header.signature, bytes);
    if (incoming->ready_sent && incoming->data != nullptr) --expected_placements_;
    incoming_.Erase(header.id);
    BeginPayload(PayloadMode::kDiscard, header, nullptr);
    return EndPayload();
  }
  // A receive of more than eager_bytes_ has ended as a mismatch above.
  BeginPayload(incoming->data != nullptr || bytes == 0 ? PayloadMode::kPlace : PayloadMode::kView, header, incoming);
  return EndPayload();
}

bool Link::OnAnnounce(const FrameHeader& header) {
  if (IsClosed(header.id)) return true;
  Incoming* incoming = incoming_.Find(header.id);
  if (incoming == nullptr) {
    if (++early_control_ > kMaxEarlyControl) return BreakOff("more announcements than can be kept");
    incoming = incoming_.Insert(header.id);
  } else if (incoming->announced || incoming->kept || incoming->received_bytes > 0) {
    return BreakOff("the same message twice");
  }
  incoming->announced = true;
  incoming->remote_bytes = header.message_bytes;
  incoming->remote_signature = header.signature;
  if (!incoming->posted) return true;

  if (!incoming->ready_sent) SendReady(header.id, *incoming);
  if (incoming->bytes != header.message_bytes || incoming->signature != header.signature) {
    ReportMismatch(header.id, incoming->context, header.signature, header.message_bytes);
    if (incoming->data != nullptr) --expected_placements_;
    incoming_.Erase(header.id);
  }
  return true;
}

bool Link::OnReady(const FrameHeader& header) {
  if (IsClosed(header.id)) return true;
  Outgoing* outgoing = outgoing_.Find(header.id);
  if (outgoing == nullptr) {
    if (++early_control_ > kMaxEarlyControl) return BreakOff("more READY frames than can be kept");
    outgoing = outgoing_.Insert(header.id);
    outgoing->remote_bytes = header.message_bytes;
    outgoing->remote_signature = header.signature;
    return true;
  }
  if (!outgoing->posted) return BreakOff("the same READY twice");
  const Outgoing send = *outgoing;
  outgoing_.Erase(header.id);
  --awaiting_ready_;
  if (send.bytes == header.message_bytes && send.signature == header.signature) {
    sends_.PushStream({header.id, send.signature, send.data, send.bytes, 0, send.context, send.stamp});
  } else {
    // The announcement has told, or will tell, the receiver of the difference.
    CompleteSend(header.id, send.context);
  }
  return true;
}

bool Link::OnData(const FrameHeader& header) {
  if (IsClosed(header.id)) {
    BeginPayload(PayloadMode::kDiscard, header, nullptr);
    return EndPayload();
  }
  Incoming* incoming = incoming_.Find(header.id);
  if (incoming == nullptr || !incoming->posted || !incoming->ready_sent) return BreakOff("a segment nobody asked for");
  if (header.message_bytes != incoming->bytes || header.signature != incoming->signature) {
    return BreakOff("a segment that differs from what was agreed");
  }
  const uint64_t left = incoming->bytes - incoming->received_bytes;
  if (header.payload_bytes > left) return BreakOff("more bytes than the message has");
  if (header.payload_bytes < left && header.payload_bytes % kViewGranularity != 0) return BreakOff("a ragged segment");
  BeginPayload(incoming->data != nullptr || incoming->bytes == 0 ? PayloadMode::kPlace : PayloadMode::kView, header,
               incoming);
  return EndPayload();
}

}  // namespace tutti::tcp
