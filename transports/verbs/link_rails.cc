// SPDX-License-Identifier: Apache-2.0
// A rail to the peer is lost, and what was on its way over it goes over another one. Each end takes what has still come
// over the rail, destroys its queue pairs of it, so that nothing more can come, and says so (DOWN). When both have:
//  - frames that the other end has not received are sent again, over the next rail;
//  - for large messages each end says how many writes it has received over the rail (CONFIRM); what it had granted beyond
//    that it grants again, over other rails.
// If it was the last one all this waits until one is joined again (link_rejoin.cc).
#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "transports/verbs/link.h"
#include "transports/verbs/link_depths.h"

namespace tutti::verbs {

void Link::BeUpset() {
  if (in_upset_list) return;
  in_upset_list = true;
  context_.upset.push_back(this);
}

void Link::OnRailDown(uint32_t rail, absl::string_view sentence) {
  if (state_ == State::kOpen && UpRails() != BitOf(rail)) LoseRail(rail, sentence, Loss::kOfPackets);
}

void Link::LoseRail(uint32_t rail, absl::string_view sentence, Loss loss) {
  if ((UpRails() & BitOf(rail)) == 0) return;
  if (loss == Loss::kLasting) lasting_ |= BitOf(rail);
  broken_ |= BitOf(rail);
  if (lost_since_ns_ == 0) lost_since_ns_ = context_.clock.NowNs();
  lost_because_ = std::string(sentence);
  BeUpset();
}

void Link::Settle() {
  for (uint32_t rail = 0; rail < num_rails_ && state_ == State::kOpen; ++rail) {
    if ((broken_ & BitOf(rail)) != 0) LeaveRail(rail);
  }
  broken_ = 0;
  for (const Confirm& confirm : std::exchange(confirms_, {})) {
    const auto found = channels_.find(confirm.channel);
    if (found == channels_.end()) continue;
    Lane& lane = found->second->lanes[confirm.lane];
    if (lane.joining == confirm.joining) ConfirmWrites(lane, confirm.received);
    context_.retry_waiters = true;
  }
  if (state_ == State::kOpen) Resume();
}

void Link::LeaveRail(uint32_t rail) {
  down_ |= BitOf(rail);
  for (auto& [number, channel] : channels_) {
    for (uint32_t index = 0; index < channel->lanes.size(); ++index) {
      Lane& lane = channel->lanes[index];
      if (RailOf(index) != rail || !lane.was_opened || lane.joining != paths_[rail].joining) continue;
      DropLanePair(lane, [&](const Pair::Note& note) {
        if (lane.was_confirmed) return;
        if (lane.unconfirmed.full()) lane.unconfirmed.Reserve(kBulkDepth);
        (void)lane.unconfirmed.Push(note);
      });
      TellConfirm(number, index, lane.joining, lane.writes_received);
    }
  }
  if (rail == frame_rail_) {
    LeaveFrameRail(rail);
  } else {
    DropPath(paths_[rail], rail, [](const Pair::Note&) {});
  }
  if (state_ != State::kOpen) return;
  Notice notice;
  notice.kind = NoticeKind::kDown;
  notice.rail = rail;
  notice.next_rail = IsStalled() ? kNoRail : frame_rail_;
  notice.count = frames_received_;
  notices_.Say(notice);
  GrantAgain(rail);
}

void Link::LeaveFrameRail(uint32_t rail) {
  if (!replaying_) replay_rail_ = rail;
  replaying_ = true;
  DropPath(paths_[rail], rail, [this](const Pair::Note& note) {
    if (note.send_slot != Pair::kNoSlot) (void)unconfirmed_frames_.Push(PostedFrame{note.send_slot, note.frame_bytes});
  });
  const uint32_t next = static_cast<uint32_t>(std::countr_zero(UpRails()));
  if (next >= num_rails_) {
    Stall();
  } else if (AddSlots(next)) {
    frame_rail_ = next;
  }
}

// The peer has left the rail.
void Link::OnDown(const Notice& notice) {
  if (state_ != State::kOpen) return;
  const uint32_t bit = BitOf(notice.rail);
  const bool has_next = notice.next_rail != kNoRail;
  if ((peer_down_ & bit) != 0 || (has_next && notice.next_rail >= num_rails_)) {
    (void)BreakOff("the loss of an impossible rail");
    return;
  }
  peer_down_ |= bit;
  if ((down_ & bit) == 0) {
    if (lost_since_ns_ == 0) lost_since_ns_ = context_.clock.NowNs();
    if ((broken_ & bit) == 0) lost_because_ = "the peer has lost it";
    broken_ &= ~bit;
    LeaveRail(notice.rail);
    if (state_ != State::kOpen) return;
  }
  if (replaying_ && notice.rail == replay_rail_) {
    const uint64_t first = frames_sent_ - unconfirmed_frames_.size();
    if (notice.count < first || notice.count > frames_sent_) {
      (void)BreakOff("an impossible number of received frames");
      return;
    }
    for (uint64_t frame = first; frame < notice.count; ++frame) {
      context_.send_slots.Free(unconfirmed_frames_.Pop().send_slot);
    }
  }
  // Both must send frames over the same one. One that is lost here, too, is replaced when that is told.
  if (!is_leader() && replaying_ && has_next && (UpRails() & BitOf(notice.next_rail)) != 0) {
    if (!AddSlots(notice.next_rail)) return;
    frame_rail_ = notice.next_rail;
  }
  BeUpset();  // Resume is for when all that came before is taken
}

// What of this rank's grants has not been used over that rail. The queue pair that could have is gone.
void Link::GrantAgain(uint32_t rail) {
  std::vector<MessageId> ids;
  context_.grants.ForEach([&](SlotPool<IssuedGrant>::Handle handle, IssuedGrant& grant) {
    if (grant.link != this || grant.rail != rail) return;
    const IssuedGrant taken = grant;
    (void)context_.grants.Release(handle);
    ForgetGrant(taken);
    context_.rails[rail]->speed.Revoked(taken.bytes);
    Incoming* incoming = incoming_.Find(taken.id);
    if (incoming == nullptr) return;
    --incoming->grants_out;
    incoming->granted_bytes -= taken.bytes;
    if (taken.staging != SlotMemory::kNone) {
      // Parts come in order, all over one lane: those that have not come are the last ones.
      context_.staging.Free(taken.staging);
      incoming->next_offset = incoming->received_bytes;
      incoming->lane = kNoLane;
    } else {
      holes_.push_back({taken.id, taken.offset, taken.bytes});
    }
    ids.push_back(taken.id);
  });
  for (const MessageId& id : ids) {
    Incoming* incoming = incoming_.Find(id);
    if (incoming != nullptr && !incoming->waiting && state_ == State::kOpen) GrantFor(id, *incoming);
  }
  context_.retry_waiters = true;
}

void Link::Resume() {
  if (lost_since_ns_ == 0 || (down_ & ~peer_down_) != 0) return;
  MissRails();
  if (IsStalled() || state_ != State::kOpen) return;
  const size_t frames = unconfirmed_frames_.size();
  Pair& pair = *paths_[frame_rail_].pair;
  while (replaying_ && !unconfirmed_frames_.empty()) {
    const PostedFrame frame = unconfirmed_frames_.Pop();
    ibv_sge piece = {};
    piece.addr = reinterpret_cast<uintptr_t>(context_.send_slots.data(frame.send_slot));
    piece.length = frame.bytes;
    piece.lkey = context_.send_slots.local_key(frame_rail_);
    ibv_send_wr request = {};
    request.opcode = IBV_WR_SEND;
    Pair::Note note;
    note.send_slot = frame.send_slot;
    note.frame_bytes = frame.bytes;
    pair.Append(request, absl::MakeSpan(&piece, 1), note);
  }
  replaying_ = false;
  const int64_t took_ns = context_.clock.NowNs() - lost_since_ns_;
  lost_since_ns_ = 0;
  ++context_.counters.rails_lost;
  context_.counters.longest_failover_ns = std::max(context_.counters.longest_failover_ns, took_ns);
  TUTTI_LOG(kWarn, "an RDMA rail to rank ", peer_, " is lost: ", lost_because_, "; after ", took_ns / kNsPerMs,
            " ms its messages go on over ", context_.rails[frame_rail_]->device->name,
            paths_[frame_rail_].joining > 0 ? " (a new queue pair), " : ", ", frames, " of them for a second time");
  Touch();
}

}  // namespace tutti::verbs
