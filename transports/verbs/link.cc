// SPDX-License-Identifier: Apache-2.0
// A link's life: held, open, left by the peer, failed.
#include "transports/verbs/link.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/clock.h"
#include "transports/verbs/link_depths.h"

namespace tutti::verbs {
namespace {

// A peer that has gone in order has received all that it waited for; the acknowledgements of that are on their way.
constexpr int64_t kLeavingNs = 200 * kNsPerMs;
constexpr size_t kExpectedFrames = 64;

}  // namespace

Link::Link(int32_t peer, LinkContext& context)
    : peer_(peer),
      context_(context),
      notices_(*context.control, peer),
      receive_credit_(context.options.unexpected_bytes_per_peer) {
  frames_.Reserve(kExpectedFrames);
  ++context_.num_held;
}

void Link::Touch() {
  if (in_dirty_list) return;
  in_dirty_list = true;
  context_.dirty.push_back(this);
}

absl::StatusOr<std::unique_ptr<Pair>> Link::MakePair(PairOwner owner, SlotPool<PairOwner>::Handle* handle) {
  Rail& rail = *context_.rails[owner.rail];
  const uint32_t depth = owner.is_bulk ? kBulkDepth : kFrameDepth;
  absl::Status status = rail.queue.Reserve(depth);
  if (!status.ok()) return status;
  ibv_srq* receives = owner.is_bulk ? rail.immediates.queue() : rail.slots.queue();
  auto pair = Pair::Create(*rail.device, rail.queue.get(), receives, depth);
  if (!pair.ok()) {
    rail.queue.Release(depth);
    return pair;
  }
  owner.link = this;
  owner.number = (*pair)->number();
  *handle = context_.pairs.Acquire(owner);
  context_.pair_of_key[LinkContext::PairKey(owner.rail, owner.number)] = *handle;
  (*pair)->set_tag(kSendTag | *handle);
  return pair;
}

void Link::DropPair(std::unique_ptr<Pair>& pair, SlotPool<PairOwner>::Handle handle,
                    absl::FunctionRef<void(const Pair::Note&)> visit) {
  if (pair == nullptr) return;
  const PairOwner owner = *context_.pairs.Get(handle);
  context_.pair_of_key.erase(LinkContext::PairKey(owner.rail, owner.number));
  (void)context_.pairs.Release(handle);
  pair->DropAll(visit);
  pair.reset();
  context_.rails[owner.rail]->queue.Release(owner.is_bulk ? kBulkDepth : kFrameDepth);
}

void Link::DropPath(Path& path, uint32_t rail, absl::FunctionRef<void(const Pair::Note&)> visit) {
  DropPair(path.pair, path.handle, visit);
  if (!std::exchange(path.has_slots, false)) return;
  context_.rails[rail]->slots.RemovePeer();
  context_.rails[rail]->queue.Release(context_.options.slots_per_peer);
}

bool Link::OnlyAcknowledgementsAreMissing() const {
  if (state_ != State::kOpen || waiting_recvs_ > 0 || !frames_.empty() || lost_since_ns_ != 0) return false;
  bool all_written = true;
  outgoing_.ForEach([&](const MessageId&, const Outgoing& outgoing) {
    all_written &= !outgoing.posted || outgoing.granted_bytes == outgoing.bytes;
  });
  return all_written;
}

void Link::ControlLost(absl::string_view why, int64_t now_ns) {
  if (state_ == State::kFailed || state_ == State::kLeft || leaving_deadline_ns_ != 0) return;
  left_because_ = std::string(why);
  if (state_ == State::kHeld || state_ == State::kOverControl) {
    Fail(why);
  } else if (waiting_recvs_ == 0 && waiting_sends_ == 0) {
    Leave();
  } else if (OnlyAcknowledgementsAreMissing()) {
    leaving_deadline_ns_ = now_ns + kLeavingNs;
    ++context_.num_leaving;
  } else {
    Fail(absl::StrCat(why, WaitingSentence()));
  }
}

// Its queue pairs went with it, so an acknowledgement that the network has lost will not come again; but its word counts.
void Link::PeerLeft(uint64_t writes_received, int64_t now_ns) {
  if (state_ == State::kOpen && writes_received == writes_posted_) {
    for (auto& [number, channel] : channels_) {
      for (Lane& lane : channel->lanes) ConfirmWrites(lane, writes_posted_);
    }
  }
  ControlLost("connection closed by the peer", now_ns);
}

void Link::SayGoodbye() {
  Notice notice;
  notice.kind = NoticeKind::kGoodbye;
  notice.count = writes_received_;
  notices_.Say(notice);
}

void Link::CheckLeaving(int64_t now_ns) {
  if (leaving_deadline_ns_ == 0) return;
  if (waiting_recvs_ == 0 && waiting_sends_ == 0) {
    Leave();
  } else if (now_ns > leaving_deadline_ns_ || !OnlyAcknowledgementsAreMissing()) {
    Fail(absl::StrCat(left_because_, WaitingSentence()));
  }
}

// What small messages it sent before can still be received; only a later request that needs it makes a failure of it.
void Link::Leave() {
  state_ = State::kLeft;
  DropPairs();
  frames_.Clear();
}

void Link::DropPairs() {
  if (std::exchange(leaving_deadline_ns_, 0) != 0) --context_.num_leaving;
  if (std::exchange(stalled_until_ns_, 0) != 0) --context_.num_stalled;
  if (std::exchange(misses_rails_, false)) --context_.num_missing_rails;
  for (auto& [number, channel] : channels_) {
    for (Lane& lane : channel->lanes) DropPair(lane.pair, lane.handle, [](const Pair::Note&) {});
  }
  channels_.clear();
  for (uint32_t rail = 0; rail < kMaxRails; ++rail) {
    DropPath(paths_[rail], rail, [this](const Pair::Note& note) {
      if (note.send_slot != Pair::kNoSlot) context_.send_slots.Free(note.send_slot);
    });
  }
  while (!unconfirmed_frames_.empty()) context_.send_slots.Free(unconfirmed_frames_.Pop().send_slot);
  for (const EarlyFrame& frame : early_frames_) context_.rails[frame.rail]->slots.Free(frame.slot);
  early_frames_.clear();
  holes_.clear();
  confirms_.clear();
  broken_ = 0;
}

void Link::Fail(absl::string_view sentence) {
  if (state_ == State::kFailed) return;
  error_ = std::string(sentence);
  DropAll();
  // So that the peer hears of it, too.
  context_.control->ClosePeer(peer_);
  Completion failed;
  failed.kind = CompletionKind::kPeerFailed;
  failed.peer = peer_;
  context_.completions.Add(failed, 0);
}

void Link::Close() {
  if (state_ != State::kFailed) error_ = "the connection was closed by this rank";
  DropAll();
  context_.control->ClosePeer(peer_);
}

void Link::DropAll() {
  if (state_ == State::kHeld) --context_.num_held;
  if (state_ == State::kOverControl) --context_.num_over_control;
  state_ = State::kFailed;
  DropPairs();  // first, so that nothing below is in the device's hands any more
  incoming_.EraseIf([this](const MessageId& id, Incoming& incoming) {
    context_.buffers.Free(incoming.buffer);
    RevokeGrants(id, incoming);
    return true;
  });
  outgoing_.EraseIf([this](const MessageId&, Outgoing& outgoing) {
    context_.registrations.Release(outgoing.region);
    return true;
  });
  frames_.Clear();
  held_sends_ = {};
  held_recvs_ = {};
  early_grants_.clear();
  waiting_recvs_ = waiting_sends_ = early_control_ = 0;
}

void Link::CloseChannel(uint32_t channel) {
  std::erase_if(held_sends_, [channel](const SendRequest& request) { return request.id.channel == channel; });
  std::erase_if(held_recvs_, [channel](const RecvRequest& request) { return request.id.channel == channel; });
  if (state_ == State::kHeld || state_ == State::kFailed) {
    waiting_sends_ = held_sends_.size();
    waiting_recvs_ = held_recvs_.size();
    return;
  }
  if (state_ == State::kOverControl) return;

  const auto found = channels_.find(channel);
  if (found != channels_.end()) {
    for (Lane& lane : found->second->lanes) DropPair(lane.pair, lane.handle, [](const Pair::Note&) {});
    if (state_ == State::kOpen) TellClosed(channel, *found->second);
    channels_.erase(found);
  }
  std::erase_if(holes_, [channel](const Hole& hole) { return hole.id.channel == channel; });
  std::erase_if(early_grants_, [channel](const EarlyGrant& early) { return early.id.channel == channel; });
  incoming_.EraseIf([this, channel](const MessageId& id, Incoming& incoming) {
    if (id.channel != channel) return false;
    if (incoming.posted && !incoming.finished) --waiting_recvs_;
    if (incoming.announced && !incoming.posted) --early_control_;
    if (incoming.kept) receive_credit_.Consumed(EagerCharge(incoming.remote_bytes));
    context_.buffers.Free(incoming.buffer);
    RevokeGrants(id, incoming);
    return true;
  });
  outgoing_.EraseIf([this, channel](const MessageId& id, Outgoing& outgoing) {
    if (id.channel != channel) return false;
    --(outgoing.posted ? waiting_sends_ : early_control_);
    context_.registrations.Release(outgoing.region);
    return true;
  });
  for (size_t left = frames_.size(); left > 0; --left) {
    const OutFrame frame = frames_.Pop();
    if (frame.header.id.channel == channel && frame.header.kind != FrameKind::kClose &&
        frame.header.kind != FrameKind::kConfirm) {
      if (frame.completes_send) --waiting_sends_;
      if (frame.header.kind == FrameKind::kEager) (void)send_credit_.GiveBack(EagerCharge(frame.header.payload_bytes));
    } else {
      (void)frames_.Push(frame);
    }
  }
  Touch();
}

void Link::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const {
  incoming_.ForEach([&](const MessageId& id, const Incoming& incoming) {
    if (incoming.posted || IsClosed(id)) return;
    visit({.peer = peer_, .id = id, .signature = incoming.remote_signature, .bytes = incoming.remote_bytes});
  });
}

std::string Link::WaitingSentence() const {
  const auto count = [](uint64_t n, absl::string_view noun) { return absl::StrCat(n, " ", noun, n == 1 ? "" : "s"); };
  if (waiting_recvs_ == 0 && waiting_sends_ == 0) return "";
  std::string what;
  if (waiting_recvs_ > 0) what = count(waiting_recvs_, "receive");
  if (waiting_sends_ > 0) absl::StrAppend(&what, what.empty() ? "" : " and ", count(waiting_sends_, "send"));
  return absl::StrCat(" while ", what, waiting_recvs_ + waiting_sends_ == 1 ? " was" : " were", " waiting");
}

}  // namespace tutti::verbs
