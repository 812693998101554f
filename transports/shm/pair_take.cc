// SPDX-License-Identifier: Apache-2.0
// What comes in: records out of the ring, and large messages out of the peer's memory. Every number in a record is read
// once and checked against what this rank knows before it is used.
#include <algorithm>
#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"

#include "transports/shm/pair.h"

namespace tutti::shm {
namespace {

// Announcements that wait for a receive of this rank: far beyond what any program does; it bounds what a broken peer can
// make this rank remember.
constexpr uint64_t kMaxEarlyAnnounces = 1 << 20;

}  // namespace

bool Pair::BreakOff(absl::string_view what) {
  Fail(absl::StrCat("the peer broke the protocol: it sent ", what));
  return false;
}

void Pair::ReleaseTaken() {
  if (memory_.valid() && reader_.Release()) wake_reasons_ |= kAsleepForRoom & ~kAsleep;
}

void Pair::Take() {
  if (state_ != State::kOpen && state_ != State::kLeft) return;
  while (!context_.completions.Full()) {
    const Record* record = reader_.Peek();
    if (record == nullptr) break;
    if (!TakeRecord(*record)) return;
  }
  // The peer is gone and all that it left is taken: does anybody still wait for it?
  if (state_ == State::kLeft && !reader_.HasRecord()) {
    const std::string waiting = WaitingSentence();
    if (!waiting.empty()) Fail(absl::StrCat(left_because_, waiting));
  }
}

bool Pair::TakeRecord(const Record& record) {
  const uint64_t bytes = record.message_bytes;
  if (bytes > kMaxMessageBytes) return BreakOff("a message longer than any may be");
  uint64_t payload = 0;
  bool goes_on = false;
  switch (record.kind) {
    case RecordKind::kMessage:
      payload = bytes;
      if (bytes > context_.options.eager_bytes || !reader_.Fits(bytes)) return BreakOff("a large message unasked");
      goes_on = TakeMessage(record, bytes);
      break;
    case RecordKind::kData:
      payload = record.argument;
      if (payload == 0 || !reader_.Fits(payload)) return BreakOff("a piece that cannot be");
      goes_on = TakeData(record, payload);
      break;
    case RecordKind::kAnnounce:
      payload = sizeof(Announcement);
      if (!reader_.Fits(payload)) return BreakOff("an announcement that cannot be");
      goes_on = TakeAnnounce(record, bytes);
      break;
    case RecordKind::kReady:
      goes_on = TakeReady(record.id());
      break;
    case RecordKind::kDone:
      goes_on = TakeDone(record.id());
      break;
    default:
      return BreakOff("a record of unknown kind");
  }
  if (goes_on) reader_.Advance(payload);
  return goes_on;
}

bool Pair::TakeMessage(const Record& record, uint64_t bytes) {
  const MessageId id = record.id();
  const uint64_t charge = EagerCharge(bytes);
  arrived_ += charge;
  if (arrived_ - taken_ > context_.options.unexpected_bytes_per_peer) {
    return BreakOff("more small messages than it has credit for");
  }
  Incoming* incoming = IsClosed(id) ? nullptr : incoming_.Find(id);
  if (incoming != nullptr && (!incoming->posted || incoming->announced)) return BreakOff("the same message twice");
  const RecordStamp stamp{record.arrival_ns, record.arrived, record.sent_after};
  if (incoming == nullptr && !IsClosed(id)) {
    incoming = incoming_.Insert(id);
    incoming->kept = true;
    incoming->stamp = stamp;
    incoming->remote_bytes = bytes;
    incoming->remote_signature = record.signature;
    if (bytes > 0) {
      incoming->buffer = context_.buffers.Allocate(bytes);
      std::memcpy(incoming->buffer.data, record.payload(bytes), bytes);
      context_.counters.payload_bytes_copied += bytes;
    }
    return true;
  }
  taken_ += charge;
  reader_.Consume(charge);
  if (incoming == nullptr) return true;
  incoming->stamp = stamp;
  incoming->remote_bytes = bytes;
  incoming->remote_signature = record.signature;
  if (incoming->bytes != bytes || incoming->signature != incoming->remote_signature) {
    ReportMismatch(id, *incoming);
    incoming_.Erase(id);
    return true;
  }
  if (incoming->data == nullptr && bytes > 0) {
    AddView(id, *incoming, record.payload(bytes), bytes, {});
    EndViews(id);
    return true;
  }
  if (bytes > 0) std::memcpy(incoming->data, record.payload(bytes), bytes);
  CompleteRecv(id, *incoming);
  return true;
}

bool Pair::TakeAnnounce(const Record& record, uint64_t bytes) {
  const MessageId id = record.id();
  if (IsClosed(id)) return true;
  Incoming* incoming = incoming_.Find(id);
  if (incoming == nullptr) {
    if (++early_announces_ > kMaxEarlyAnnounces) return BreakOff("more announcements than can be kept");
    incoming = incoming_.Insert(id);
  } else if (incoming->announced || incoming->kept) {
    return BreakOff("the same message twice");
  }
  incoming->announced = true;
  incoming->remote_bytes = bytes;
  incoming->remote_signature = record.signature;
  incoming->remote_address = record.argument;
  Announcement announcement;
  std::memcpy(&announcement, record.payload(sizeof(announcement)), sizeof(announcement));
  incoming->stamp = announcement.stamp;
  incoming->place = announcement.place;
  incoming->export_slot = record.export_slot;
  incoming->export_generation = record.export_generation;
  if (incoming->export_slot >= kExportSlots) return BreakOff("an announcement with an impossible slot");
  if (incoming->posted) AskFor(id, *incoming);
  return true;
}

void Pair::StartRecv(const RecvRequest& request) {
  Incoming* incoming = incoming_.Find(request.id);
  if (incoming == nullptr) {
    if (state_ == State::kLeft && !reader_.HasRecord()) {
      Fail(absl::StrCat(left_because_, " before this rank's next receive from it"));
      return;
    }
    incoming = incoming_.Insert(request.id);
  }
  incoming->posted = true;
  incoming->data = static_cast<std::byte*>(request.data);
  incoming->bytes = request.bytes;
  incoming->signature = request.signature;
  incoming->context = request.context;
  if (incoming->kept) return FinishKept(request.id, *incoming);
  if (!incoming->announced) return;
  --early_announces_;
  AskFor(request.id, *incoming);
}

// Both ends of a large message are known here.
void Pair::AskFor(const MessageId& id, Incoming& incoming) {
  if (incoming.bytes != incoming.remote_bytes || incoming.signature != incoming.remote_signature) {
    ReportMismatch(id, incoming);
    incoming_.Erase(id);
    Write({.kind = RecordKind::kDone, .id = id});
    return;
  }
  if (incoming.bytes == 0) {
    CompleteRecv(id, incoming);
    Write({.kind = RecordKind::kDone, .id = id});
    return;
  }
  const bool in_reach = peer_memory_.readable() || InPlace(incoming) != nullptr;
  if (in_reach && incoming.remote_address != 0) {
    PushGrowing(to_pull_, id);
    return;
  }
  incoming.ready_sent = true;
  Write({.kind = RecordKind::kReady, .id = id});
}

void Pair::FinishKept(const MessageId& id, Incoming& incoming) {
  taken_ += EagerCharge(incoming.remote_bytes);
  reader_.Consume(EagerCharge(incoming.remote_bytes));
  if (incoming.bytes != incoming.remote_bytes || incoming.signature != incoming.remote_signature) {
    context_.buffers.Free(incoming.buffer);
    ReportMismatch(id, incoming);
    incoming_.Erase(id);
    return;
  }
  if (incoming.data == nullptr && incoming.bytes > 0) {
    AddView(id, incoming, incoming.buffer.data, incoming.bytes, incoming.buffer);
    EndViews(id);
    return;
  }
  if (incoming.bytes > 0) {
    std::memcpy(incoming.data, incoming.buffer.data, incoming.bytes);
    context_.counters.payload_bytes_copied += incoming.bytes;
  }
  context_.buffers.Free(incoming.buffer);
  CompleteRecv(id, incoming);
}

bool Pair::TakeReady(const MessageId& id) {
  if (outgoing_.Find(id) == nullptr) return true;  // its channel was closed here in the meantime
  PushGrowing(to_stream_, id);
  return true;
}

bool Pair::TakeDone(const MessageId& id) {
  const Outgoing* found = outgoing_.Find(id);
  if (found == nullptr) return true;
  const Outgoing send = *found;
  ReleaseExport(send.export_slot);
  outgoing_.Erase(id);
  CompleteSend(id, send.context, send.bytes);
  return true;
}

bool Pair::TakeData(const Record& record, uint64_t piece_bytes) {
  const MessageId id = record.id();
  if (IsClosed(id)) return true;
  Incoming* incoming = incoming_.Find(id);
  if (incoming == nullptr || !incoming->posted || !incoming->ready_sent) return BreakOff("a piece nobody asked for");
  const uint64_t left = incoming->bytes - incoming->received_bytes;
  if (piece_bytes > left || (piece_bytes < left && piece_bytes % kViewGranularity != 0)) {
    return BreakOff("a piece that does not fit its message");
  }
  if (incoming->data != nullptr) {
    std::memcpy(incoming->data + incoming->received_bytes, record.payload(piece_bytes), piece_bytes);
    incoming->received_bytes += piece_bytes;
    if (piece_bytes == left) CompleteRecv(id, *incoming);
    return true;
  }
  AddView(id, *incoming, record.payload(piece_bytes), piece_bytes, {});
  if (piece_bytes == left) EndViews(id);
  return true;
}

void Pair::PullSome() {
  for (size_t left = to_pull_.size(); left > 0 && state_ == State::kOpen; --left) {
    const MessageId id = to_pull_.Pop();
    if (incoming_.Find(id) != nullptr && !Pull(id)) PushGrowing(to_pull_, id);
  }
}

// Goes on with one large message. True when it is over.
bool Pair::Pull(const MessageId& id) {
  Incoming& incoming = *incoming_.Find(id);
  const uint64_t left = incoming.bytes - incoming.received_bytes;
  if (incoming.data == nullptr) {
    if (context_.completions.Full()) return false;
    const std::byte* in_place = InPlace(incoming);
    if (in_place != nullptr && left > context_.options.piece_bytes) {
      // Nobody looks at the export's generation after such a view. The last piece is always copied, in a later Poll, and
      // its look speaks for all: a send that was dropped before a view was read is dropped then, too.
      const uint64_t burst = std::min(left - context_.options.piece_bytes, context_.options.burst_bytes);
      AddView(id, incoming, in_place + incoming.received_bytes, RoundUp(burst, kViewGranularity), {});
      return false;
    }
  }
  const bool placed = incoming.data != nullptr;
  const uint64_t piece = std::min(left, placed ? context_.options.burst_bytes : context_.options.piece_bytes);
  BufferPool::Buffer buffer;
  if (!placed) buffer = context_.buffers.Allocate(context_.options.piece_bytes);
  if (!PullInto(incoming, placed ? incoming.data + incoming.received_bytes : reinterpret_cast<std::byte*>(buffer.data),
                piece)) {
    context_.buffers.Free(buffer);
    return true;
  }
  if (placed) {
    incoming.received_bytes += piece;
  } else {
    AddView(id, incoming, buffer.data, piece, buffer);
  }
  if (piece < left) return false;
  if (placed) {
    CompleteRecv(id, incoming);
  } else {
    EndViews(id);
  }
  Write({.kind = RecordKind::kDone, .id = id});
  return true;
}

void Pair::AddView(const MessageId& id, Incoming& incoming, const void* view, uint64_t bytes,
                   const BufferPool::Buffer& buffer) {
  Completion part;
  part.kind = CompletionKind::kRecvView;
  part.peer = peer_;
  part.context = incoming.context;
  part.view = view;
  part.view_offset = incoming.received_bytes;
  part.bytes = bytes;
  part.stamp = incoming.stamp.message_stamp();
  context_.completions.Add(part, id.channel, buffer);
  context_.counters.payload_bytes_received += bytes;
  incoming.received_bytes += bytes;
}

void Pair::EndViews(const MessageId& id) {
  --waiting_recvs_;
  ++context_.counters.messages_received;
  incoming_.Erase(id);
}

// False if the bytes are not to be had: the send was dropped in the meantime (then nothing will ever come), or the pair
// has failed.
bool Pair::PullInto(const Incoming& incoming, std::byte* to, uint64_t bytes) {
  const std::atomic<uint32_t>& generation = peer_side().exports[incoming.export_slot];
  int error = 0;
  if (const std::byte* in_place = InPlace(incoming)) {
    std::memcpy(to, in_place + incoming.received_bytes, bytes);
  } else if (peer_memory_.readable()) {
    ++context_.counters.system_calls;
    error = peer_memory_.Read(incoming.remote_address + incoming.received_bytes, to, bytes);
  } else {
    return false;  // the peer has taken back the memory while it was read, so its send was dropped
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  if (generation.load(std::memory_order_acquire) != incoming.export_generation) return false;
  if (error == ESRCH) return false;  // the process is gone; the socket says so, too
  if (error != 0) {
    Fail(absl::StrCat("reading the peer's memory failed: ", std::generic_category().message(error)));
    return false;
  }
  return true;
}

void Pair::CompleteRecv(const MessageId& id, const Incoming& incoming) {
  --waiting_recvs_;
  ++context_.counters.messages_received;
  context_.counters.payload_bytes_received += incoming.bytes;
  Completion done;
  done.kind = CompletionKind::kRecvDone;
  done.peer = peer_;
  done.context = incoming.context;
  done.bytes = incoming.bytes;
  done.stamp = incoming.stamp.message_stamp();
  context_.completions.Add(done, id.channel);
  incoming_.Erase(id);
}

void Pair::ReportMismatch(const MessageId& id, const Incoming& incoming) {
  --waiting_recvs_;
  Completion mismatch;
  mismatch.kind = CompletionKind::kMismatch;
  mismatch.peer = peer_;
  mismatch.context = incoming.context;
  mismatch.bytes = incoming.remote_bytes;
  mismatch.remote_signature = incoming.remote_signature;
  context_.completions.Add(mismatch, id.channel);
}

}  // namespace tutti::shm
