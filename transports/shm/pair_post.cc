// SPDX-License-Identifier: Apache-2.0
// Requests, and what goes out: small messages as one record; large ones announced, and sent through the ring only if the
// receiver cannot read them where they lie.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "transports/shm/pair.h"

namespace tutti::shm {
void Pair::PostSend(const SendRequest& request) {
  if (state_ == State::kFailed || IsClosed(request.id)) return;
  if (state_ == State::kHeld) {
    ++waiting_sends_;
    held_sends_.push_back(request);
    return;
  }
  if (state_ == State::kLeft) {
    Fail(absl::StrCat(left_because_, " before this rank's next send to it"));
    return;
  }
  ++waiting_sends_;
  StartSend(request);
}

void Pair::PostRecv(const RecvRequest& request) {
  if (state_ == State::kFailed || IsClosed(request.id)) return;
  if (state_ == State::kHeld) {
    ++waiting_recvs_;
    held_recvs_.push_back(request);
    return;
  }
  ++waiting_recvs_;
  StartRecv(request);
}

void Pair::StartSend(const SendRequest& request) {
  if (state_ != State::kOpen) return;
  const uint64_t charge = EagerCharge(request.bytes);
  if (request.bytes > context_.options.eager_bytes ||
      Outstanding() + charge > context_.options.unexpected_bytes_per_peer) {
    return Announce(request);
  }
  charged_ += charge;
  Write({.kind = RecordKind::kMessage,
         .id = request.id,
         .signature = request.signature,
         .bytes = request.bytes,
         .data = static_cast<const std::byte*>(request.data),
         .context = request.context,
         .stamp = RecordStamp::Of(request.stamp)});
}

void Pair::Announce(const SendRequest& request) {
  Outgoing* outgoing = outgoing_.Insert(request.id);
  outgoing->data = static_cast<const std::byte*>(request.data);
  outgoing->bytes = request.bytes;
  outgoing->signature = request.signature;
  outgoing->context = request.context;
  outgoing->export_slot = AcquireExport();
  Write({.kind = RecordKind::kAnnounce,
         .id = request.id,
         .signature = request.signature,
         .bytes = request.bytes,
         .data = outgoing->data,
         .export_slot = outgoing->export_slot,
         .stamp = RecordStamp::Of(request.stamp),
         .place = context_.regions.Find(request.data, request.bytes)});
}

uint32_t Pair::AcquireExport() {
  if (free_exports_.empty()) return kNoExport;
  const uint32_t slot = free_exports_.back();
  free_exports_.pop_back();
  return slot;
}

void Pair::ReleaseExport(uint32_t slot) {
  if (slot == kNoExport) return;
  std::atomic<uint32_t>& generation = own_side().exports[slot];
  generation.store(generation.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
  free_exports_.push_back(slot);
}

// In order: behind what already waits.
void Pair::Write(const Waiting& record) {
  if (outbox_.empty() && streaming_.bytes == 0 && TryWrite(record)) return;
  PushGrowing(outbox_, record);
}

bool Pair::TryWrite(const Waiting& record) {
  const bool carries = record.kind == RecordKind::kMessage;
  const bool announces = record.kind == RecordKind::kAnnounce;
  Record* out = writer_.Reserve(carries ? record.bytes : announces ? sizeof(Announcement) : 0);
  if (out == nullptr) return false;
  out->kind = record.kind;
  out->set_id(record.id);
  out->signature = record.signature;
  out->message_bytes = record.bytes;
  out->argument = 0;
  out->export_slot = 0;
  if (carries) {
    out->arrival_ns = record.stamp.arrival_ns;
    out->arrived = record.stamp.who;
    out->sent_after = record.stamp.sent_after;
    if (record.bytes > 0) std::memcpy(out->payload(record.bytes), record.data, record.bytes);
  }
  if (announces) {
    const Announcement announcement{record.stamp, record.place};
    std::memcpy(out->payload(sizeof(announcement)), &announcement, sizeof(announcement));
  }
  if (announces && record.export_slot != kNoExport) {
    out->argument = reinterpret_cast<uint64_t>(record.data);
    out->export_slot = static_cast<uint16_t>(record.export_slot);
    out->export_generation = own_side().exports[record.export_slot].load(std::memory_order_relaxed);
  }
  writer_.Commit();
  wake_reasons_ |= kAsleep;
  if (carries) CompleteSend(record.id, record.context, record.bytes);
  return true;
}

void Pair::CompleteSend(const MessageId& id, uint64_t context, uint64_t bytes) {
  --waiting_sends_;
  ++context_.counters.messages_sent;
  context_.counters.payload_bytes_sent += bytes;
  Completion done;
  done.kind = CompletionKind::kSendDone;
  done.peer = peer_;
  done.context = context;
  context_.completions.Add(done, id.channel);
}

void Pair::Flush() {
  if (state_ != State::kOpen) return;
  for (;;) {
    // Small records pass between the pieces of a large message.
    while (!outbox_.empty()) {
      if (!TryWrite(outbox_.Front())) return;
      outbox_.DropFront();
    }
    if (!WriteStream()) return;
  }
}

// One piece of a message that was asked for through the ring. False if there is none, or no room.
bool Pair::WriteStream() {
  while (streaming_.bytes == 0) {
    if (to_stream_.empty()) return false;
    const MessageId id = to_stream_.Pop();
    if (const Outgoing* next = outgoing_.Find(id)) streaming_ = {id, 0, next->bytes};
  }
  const Outgoing send = *outgoing_.Find(streaming_.id);
  const uint64_t piece = std::min(streaming_.bytes - streaming_.sent_bytes,
                                  std::min(context_.options.piece_bytes, context_.options.ring_bytes / 4));
  Record* out = writer_.Reserve(piece);
  if (out == nullptr) return false;
  out->kind = RecordKind::kData;
  out->set_id(streaming_.id);
  out->signature = send.signature;
  out->message_bytes = send.bytes;
  out->argument = piece;
  std::memcpy(out->payload(piece), send.data + streaming_.sent_bytes, piece);
  writer_.Commit();
  wake_reasons_ |= kAsleep;
  streaming_.sent_bytes += piece;
  if (streaming_.sent_bytes < streaming_.bytes) return true;
  ReleaseExport(send.export_slot);
  outgoing_.Erase(streaming_.id);
  const MessageId id = streaming_.id;
  streaming_ = {};
  CompleteSend(id, send.context, send.bytes);
  return true;
}

}  // namespace tutti::shm
