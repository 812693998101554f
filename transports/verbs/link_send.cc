// SPDX-License-Identifier: Apache-2.0
// Frames on their way out: credit for the peer's slots, and bytes into work requests.
#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

#include "transports/verbs/link.h"

namespace tutti::verbs {

void Link::PushFrame(OutFrame frame) {
  if (frames_.full()) frames_.Reserve(2 * frames_.capacity());
  (void)frames_.Push(frame);
  Touch();
}

void Link::PushControl(FrameKind kind, const MessageId& id, uint64_t signature, uint64_t message_bytes,
                       const MessageStamp& stamp) {
  OutFrame frame;
  frame.header.kind = kind;
  frame.header.id = id;
  frame.header.signature = signature;
  frame.header.message_bytes = message_bytes;
  frame.header.stamp = stamp;
  if (kind == FrameKind::kGrant) frame.header.payload_bytes = kGrantBytes;  // of a grant without memory
  PushFrame(frame);
}

bool Link::CreditIsDue() const { return slots_owed_ >= std::max(context_.options.slots_per_peer / 2, 1u); }

// False: it must wait for a send slot. Otherwise the pair has room, and the caller has a credit.
bool Link::AppendFrame(const OutFrame& frame) {
  FrameHeader header = frame.header;
  const size_t payload_bytes = header.payload_bytes;
  const uint8_t* payload = frame.payload != nullptr ? frame.payload : frame.extra.data();
  const bool inlined = kFrameHeaderBytes + payload_bytes <= context_.rails[frame_rail_]->device->max_inline_bytes;
  // The bytes are kept until they are acknowledged: if the rail is lost they are sent again.
  const uint32_t slot = context_.send_slots.Take();
  if (slot == SlotMemory::kNone) return false;
  header.credit_bytes = receive_credit_.TakeReturn();
  header.returned_slots = static_cast<uint16_t>(slots_owed_);
  slots_taken_ -= slots_owed_;
  slots_owed_ = 0;

  uint8_t* bytes = context_.send_slots.data(slot);
  EncodeFrame(header, bytes);
  if (payload_bytes > 0) std::memcpy(bytes + kFrameHeaderBytes, payload, payload_bytes);
  if (frame.completes_send) context_.counters.payload_bytes_copied += payload_bytes;
  ibv_sge piece = {};
  piece.addr = reinterpret_cast<uintptr_t>(bytes);
  piece.length = static_cast<uint32_t>(kFrameHeaderBytes + payload_bytes);
  piece.lkey = context_.send_slots.local_key(frame_rail_);
  ibv_send_wr request = {};
  request.opcode = IBV_WR_SEND;
  request.send_flags = inlined ? IBV_SEND_INLINE : 0;
  Pair::Note note;
  note.send_slot = slot;
  note.frame_bytes = piece.length;
  paths_[frame_rail_].pair->Append(request, absl::MakeSpan(&piece, 1), note);
  ++frames_sent_;
  --slot_credits_;
  return true;
}

void Link::Pump() {
  if (state_ != State::kOpen) return;
  // The slots that the frames below give back must receive again before the peer hears of it.
  int error = 0;
  for (const auto& rail : context_.rails) {
    if (error == 0) error = rail->slots.Repost();
  }
  if (error == 0) error = PumpFrames();
  for (auto& [number, channel] : channels_) {
    for (Lane& lane : channel->lanes) {
      if (error != 0) break;
      if (lane.streams.empty() || lane.pair == nullptr) continue;
      PumpStreams(lane);
      error = lane.pair->Flush();
    }
  }
  if (error != 0) Fail(absl::StrCat("the RDMA device refuses work: ", VerbsErrorName(error)));
}

// 0, or the errno with which the device refused.
int Link::PumpFrames() {
  // While a rail is being left the peer does not listen to the next one yet.
  if (lost_since_ns_ != 0) return 0;
  Pair& pair = *paths_[frame_rail_].pair;
  size_t num_done = 0;
  // The last credit is kept for giving credit back; two ends that both wait for it would wait for ever.
  while (!frames_.empty() && num_done < frames_.size() && slot_credits_ > 1 && pair.room() > 0) {
    if (!AppendFrame(frames_[num_done])) {
      if (!in_starved_list) context_.starved.push_back(this);
      in_starved_list = true;
      break;
    }
    ++num_done;
  }
  if ((CreditIsDue() || receive_credit_.ReturnIsDue()) && slot_credits_ > 0 && pair.room() > 0) {
    (void)AppendFrame(OutFrame());  // a credit frame, unless it must wait for a send slot
  }
  const int error = pair.Flush();
  for (; num_done > 0; --num_done) {
    const OutFrame& frame = frames_.Front();
    if (frame.completes_send) {
      ++context_.counters.messages_sent;
      CompleteSend(frame.header.id, frame.context, frame.header.payload_bytes);
    }
    frames_.DropFront();
  }
  return error;
}

bool Link::HasUnsentBytes() const {
  if (state_ != State::kOpen) return false;
  if (!frames_.empty() || lost_since_ns_ != 0) return true;
  for (uint32_t rail = 0; rail < num_rails_; ++rail) {
    const bool is_probed = (probed_ & BitOf(rail)) != 0;  // before, there is only the probe
    if (is_probed && paths_[rail].pair != nullptr && !paths_[rail].pair->idle()) return true;
  }
  for (const auto& [number, channel] : channels_) {
    for (const Lane& lane : channel->lanes) {
      if (lane.pair != nullptr && (!lane.streams.empty() || !lane.pair->idle())) return true;
    }
  }
  return false;
}

void Link::OnSent(const PairOwner& owner) {
  Touch();
  if (!owner.is_bulk) {
    bool was_probe = false;
    paths_[owner.rail].pair->TakeCompleted([&](const Pair::Note& note) {
      if (note.send_slot != Pair::kNoSlot) context_.send_slots.Free(note.send_slot);
      was_probe |= note.is_probe;
    });
    if (was_probe) OnProbed(owner.rail, true, "");
    return;
  }
  Lane& lane = channels_.find(owner.channel)->second->lanes[owner.lane];
  lane.pair->TakeCompleted([&](const Pair::Note& note) { OnWriteDone(lane, note); });
}

void Link::OnPairFailed(const PairOwner& owner, absl::string_view sentence, Loss loss) {
  if (leaving_deadline_ns_ != 0) {
    Fail(absl::StrCat(left_because_, WaitingSentence()));
  } else if ((probed_ & BitOf(owner.rail)) == 0) {
    OnProbed(owner.rail, false, sentence);
  } else if (state_ == State::kHeld) {
    Fail(sentence);
  } else {
    LoseRail(owner.rail, sentence, loss);
  }
}

}  // namespace tutti::verbs
