// SPDX-License-Identifier: Apache-2.0
// A pair's life: held, open, left by the peer, failed.
#include "transports/shm/pair.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace tutti::shm {
namespace {

// Far beyond what any program shares; it bounds what a broken peer can make this rank map.
constexpr size_t kMaxPeerRegions = 1 << 16;

}  // namespace

void Pair::Attach(SharedMemory memory, int own, PeerMemory peer_memory) {
  memory_ = std::move(memory);
  own_ = own;
  peer_memory_ = peer_memory;
  const uint64_t ring_bytes = context_.options.ring_bytes;
  writer_ = RingWriter(segment().ring(1 - own_), ring_bytes, &peer_side().reader);
  reader_ = RingReader(segment().ring(own_), ring_bytes, &own_side().reader);
  free_exports_.resize(kExportSlots);
  for (uint32_t slot = 0; slot < kExportSlots; ++slot) free_exports_[slot] = kExportSlots - 1 - slot;
  outbox_.Reserve(256);
  to_stream_.Reserve(64);
  to_pull_.Reserve(64);
  state_ = State::kOpen;
  const std::vector<RecvRequest> recvs = std::exchange(held_recvs_, {});
  const std::vector<SendRequest> sends = std::exchange(held_sends_, {});
  for (const RecvRequest& request : recvs) StartRecv(request);
  for (const SendRequest& request : sends) StartSend(request);
}

void Pair::Fail(absl::string_view sentence) {
  if (state_ == State::kFailed) return;
  error_ = std::string(sentence);
  DropAll();
  Completion failed;
  failed.kind = CompletionKind::kPeerFailed;
  failed.peer = peer_;
  context_.completions.Add(failed, 0);
}

void Pair::Close() {
  if (state_ != State::kFailed) error_ = "the connection was closed by this rank";
  DropAll();
}

void Pair::DropAll() {
  // Whoever still reads what was exported must learn that it means nothing.
  if (state_ == State::kOpen) {
    outgoing_.ForEach([this](const MessageId&, const Outgoing& outgoing) { ReleaseExport(outgoing.export_slot); });
  }
  state_ = State::kFailed;
  incoming_.EraseIf([this](const MessageId&, Incoming& incoming) {
    context_.buffers.Free(incoming.buffer);
    return true;
  });
  outgoing_.EraseIf([](const MessageId&, Outgoing&) { return true; });
  outbox_.Clear();
  to_stream_.Clear();
  to_pull_.Clear();
  streaming_ = {};
  held_sends_ = {};
  held_recvs_ = {};
  waiting_recvs_ = waiting_sends_ = early_announces_ = 0;
  // The memory stays mapped until destruction: views into it may still be in the caller's hands.
}

void Pair::CloseChannel(uint32_t channel) {
  std::erase_if(held_sends_, [channel](const SendRequest& request) { return request.id.channel == channel; });
  std::erase_if(held_recvs_, [channel](const RecvRequest& request) { return request.id.channel == channel; });
  if (state_ == State::kHeld || state_ == State::kFailed) {
    waiting_sends_ = held_sends_.size();
    waiting_recvs_ = held_recvs_.size();
    return;
  }
  incoming_.EraseIf([this, channel](const MessageId& id, Incoming& incoming) {
    if (id.channel != channel) return false;
    if (incoming.posted) --waiting_recvs_;
    if (incoming.announced && !incoming.posted) --early_announces_;
    if (incoming.kept) {
      taken_ += EagerCharge(incoming.remote_bytes);
      reader_.Consume(EagerCharge(incoming.remote_bytes));
    }
    context_.buffers.Free(incoming.buffer);
    return true;
  });
  outgoing_.EraseIf([this, channel](const MessageId& id, Outgoing& outgoing) {
    if (id.channel != channel) return false;
    ReleaseExport(outgoing.export_slot);
    --waiting_sends_;
    return true;
  });
  if (streaming_.bytes > 0 && streaming_.id.channel == channel) streaming_ = {};
  for (size_t left = outbox_.size(); left > 0; --left) {
    const Waiting record = outbox_.Pop();
    // Of a message that waits for room the sender still wants its end; announcements are counted with outgoing_.
    if (record.id.channel != channel) {
      (void)outbox_.Push(record);
    } else if (record.kind == RecordKind::kMessage) {
      --waiting_sends_;
      charged_ -= EagerCharge(record.bytes);
    }
  }
  // What to_stream_ and to_pull_ name is looked up when its turn comes.
}

void Pair::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const {
  incoming_.ForEach([&](const MessageId& id, const Incoming& incoming) {
    if (incoming.posted || IsClosed(id)) return;
    visit({.peer = peer_, .id = id, .signature = incoming.remote_signature, .bytes = incoming.remote_bytes});
  });
}

bool Pair::AddPeerRegion(uint32_t number, SharedMemory memory) {
  return peer_regions_.size() < kMaxPeerRegions && peer_regions_.emplace(number, std::move(memory)).second;
}

const std::byte* Pair::InPeerRegion(const RegionPlace& place, uint64_t bytes) const {
  if (place.region == 0) return nullptr;
  const auto found = peer_regions_.find(place.region);
  if (found == peer_regions_.end()) return nullptr;
  const SharedMemory& region = found->second;
  if (place.offset > region.bytes() || bytes > region.bytes() - place.offset) return nullptr;
  return region.data() + place.offset;
}

void Pair::OnPeerGone(absl::string_view why) {
  if (state_ != State::kOpen) {
    if (state_ == State::kHeld) Fail(absl::StrCat(why, " before the two were connected"));
    return;
  }
  // What it wrote before it went is still there.
  left_because_ = std::string(why);
  state_ = State::kLeft;
}

std::string Pair::WaitingSentence() const {
  const auto count = [](uint64_t n, absl::string_view noun) { return absl::StrCat(n, " ", noun, n == 1 ? "" : "s"); };
  if (waiting_recvs_ == 0 && waiting_sends_ == 0) return "";
  std::string what;
  if (waiting_recvs_ > 0) what = count(waiting_recvs_, "receive");
  if (waiting_sends_ > 0) absl::StrAppend(&what, what.empty() ? "" : " and ", count(waiting_sends_, "send"));
  return absl::StrCat(" while ", what, waiting_recvs_ + waiting_sends_ == 1 ? " was" : " were", " waiting");
}

bool Pair::HasWork() const {
  if (state_ == State::kLeft) return reader_.HasRecord() || waiting_recvs_ + waiting_sends_ > 0;
  if (state_ != State::kOpen) return false;
  return reader_.HasRecord() || !to_pull_.empty() || (WaitsForRoom() && writer_.RoomHasGrown());
}

}  // namespace tutti::shm
