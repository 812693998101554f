// SPDX-License-Identifier: Apache-2.0
// The queue pairs of channels, and how many writes have arrived through them. They are made when the first large message
// of a channel is met, and destroyed with the channel or with their rail.
#include <cstring>

#include "absl/strings/str_cat.h"

#include "transports/verbs/link.h"

namespace tutti::verbs {
namespace {

constexpr size_t kMaxChannels = 4096;  // with large messages, that one peer may have open
constexpr size_t kExpectedStreams = 64;

}  // namespace

// nullptr if the link failed. Opens a lane's pair once its rail is known to work; it is joined when the peer's OPEN comes.
Link::Channel* Link::EnsureChannel(uint32_t channel) {
  std::unique_ptr<Channel>& entry = channels_[channel];
  if (entry == nullptr) {
    entry = std::make_unique<Channel>();
    entry->lanes.resize(num_rails_ * pairs_per_rail_);
  }
  Channel* found = entry.get();
  for (uint32_t index = 0; index < found->lanes.size() && !found->peer_closed; ++index) {
    Lane& lane = found->lanes[index];
    if (IsOpenOrUnsettled(index, lane) || (UpRails() & BitOf(RailOf(index))) == 0) continue;
    if (!OpenLane(channel, index, lane)) return nullptr;
  }
  return found;
}

// A lane whose rail was lost can be opened anew when the peer has said what had come through it.
bool Link::IsOpenOrUnsettled(uint32_t index, const Lane& lane) const {
  if (!lane.was_opened) return false;
  return lane.joining == paths_[RailOf(index)].joining || !lane.was_confirmed;
}

// False: the link failed.
bool Link::OpenLane(uint32_t channel, uint32_t index, Lane& lane) {
  const uint32_t rail = RailOf(index);
  auto pair = MakePair({.rail = rail, .is_bulk = true, .channel = channel, .lane = index}, &lane.handle);
  if (!pair.ok()) {
    Fail(pair.status().message());
    return false;
  }
  lane.pair = *std::move(pair);
  lane.was_opened = true;
  lane.was_confirmed = false;
  lane.joining = paths_[rail].joining;
  lane.streams.Reserve(kExpectedStreams);
  const PairAddress address = lane.pair->Address(*context_.rails[rail]->device);
  OutFrame frame;
  frame.header.kind = FrameKind::kOpen;
  frame.header.id.channel = channel;
  frame.header.id.index = index;
  frame.header.payload_bytes = kOpenBytes;
  std::memcpy(frame.extra.data(), &address.number, 4);
  std::memcpy(frame.extra.data() + 4, &address.first_packet, 4);
  std::memcpy(frame.extra.data() + 8, &lane.joining, 4);
  PushFrame(frame);
  return true;
}

// Shows what was posted and is not known to have arrived; what was not posted yet counts as not granted.
void Link::DropLanePair(Lane& lane, absl::FunctionRef<void(const Pair::Note&)> visit) {
  DropPair(lane.pair, lane.handle, visit);
  while (!lane.streams.empty()) {
    const Stream& stream = lane.streams.Front();
    Outgoing* outgoing = outgoing_.Find(stream.id);
    if (outgoing != nullptr) outgoing->granted_bytes -= stream.bytes;
    lane.streams.DropFront();
  }
}

bool Link::OnOpenFrame(const MessageId& id, const uint8_t* payload) {
  if (context_.closed_channels.Contains(id.channel)) return true;
  if (channels_.size() >= kMaxChannels && !channels_.contains(id.channel))
    return BreakOff("more channels than are possible");
  if (id.index >= num_rails_ * pairs_per_rail_) return BreakOff("an impossible lane");
  const uint32_t rail = RailOf(id.index);
  PairAddress address = remote_.rails[rail].pair;
  uint32_t joining = 0;
  std::memcpy(&address.number, payload, 4);
  std::memcpy(&address.first_packet, payload + 4, 4);
  std::memcpy(&joining, payload + 8, 4);
  if (joining == paths_[rail].joining && (rejoining_ & probed_ & BitOf(rail)) != 0) {
    peer_probed_ |= BitOf(rail);  // or it would not open this; its notice may come later
    SettleRejoining(rail);
    if (state_ != State::kOpen) return false;
  }
  if (joining != paths_[rail].joining || ((down_ | broken_) & BitOf(rail)) != 0) {
    ConfirmUnmet(id.channel, id.index, joining);
    return true;
  }
  if (address.number >= (1u << 24) || address.first_packet >= (1u << 24)) return BreakOff("an impossible queue pair");
  if ((probed_ & BitOf(rail)) == 0) return BreakOff("a queue pair over a rail that does not work");
  peer_probed_ |= BitOf(rail);  // or it would not open this; its notice may come later
  if (const auto known = channels_.find(id.channel); known != channels_.end()) {
    // The peer would not open the lane anew if it had ever met this end's old queue pair and not said so.
    Lane& old = known->second->lanes[id.index];
    if (old.was_opened && old.joining != joining && !old.was_confirmed) ConfirmWrites(old, old.writes_done);
  }
  Channel* entry = EnsureChannel(id.channel);
  if (entry == nullptr) return false;
  Lane& lane = entry->lanes[id.index];
  if (entry->peer_closed || lane.pair == nullptr || lane.pair->connected()) return BreakOff("the same channel twice");
  const absl::Status status = lane.pair->Connect(*context_.rails[rail]->device, context_.options.port, address);
  if (!status.ok()) {
    OnPairFailed({.rail = rail}, status.message(), Loss::kLasting);
    return state_ == State::kOpen;
  }
  context_.retry_waiters = true;
  return true;
}

void Link::TellConfirm(uint32_t channel, uint32_t index, uint32_t joining, uint64_t writes_received) {
  OutFrame frame;
  frame.header.kind = FrameKind::kConfirm;
  frame.header.id.channel = channel;
  frame.header.id.index = index;
  frame.header.payload_bytes = kConfirmBytes;
  std::memcpy(frame.extra.data(), &writes_received, 8);
  std::memcpy(frame.extra.data() + 8, &joining, 4);
  PushFrame(frame);
}

// The peer has opened a lane over a rail that is lost by now. If this end never had its own end of it, nobody has told the
// peer yet that nothing more will come through.
void Link::ConfirmUnmet(uint32_t channel, uint32_t index, uint32_t joining) {
  const auto found = channels_.find(channel);
  const Lane* lane = found == channels_.end() ? nullptr : &found->second->lanes[index];
  if (lane != nullptr && lane->was_opened && lane->joining == joining) return;
  TellConfirm(channel, index, joining, lane == nullptr ? 0 : lane->writes_received);
}

void Link::TellClosed(uint32_t channel, const Channel& entry) {
  bool was_opened = false;
  for (uint32_t index = 0; index < entry.lanes.size(); ++index) {
    const Lane& lane = entry.lanes[index];
    was_opened |= lane.was_opened;
    // Of a lost rail it was told when the rail was left.
    if (lane.was_opened && (down_ & BitOf(RailOf(index))) == 0)
      TellConfirm(channel, index, lane.joining, lane.writes_received);
  }
  if (!was_opened) return;
  OutFrame frame;
  frame.header.kind = FrameKind::kClose;
  frame.header.id.channel = channel;
  PushFrame(frame);
}

// What the peer's writes have brought over that lane may still lie in its completion queue: Settle comes after that.
bool Link::OnConfirmFrame(const MessageId& id, const uint8_t* payload) {
  Confirm confirm;
  confirm.channel = id.channel;
  confirm.lane = id.index;
  std::memcpy(&confirm.received, payload, 8);
  std::memcpy(&confirm.joining, payload + 8, 4);
  const auto found = channels_.find(id.channel);
  if (found == channels_.end() || id.index >= found->second->lanes.size()) return true;
  Lane& lane = found->second->lanes[id.index];
  if (lane.pair == nullptr) {
    if (lane.joining == confirm.joining) ConfirmWrites(lane, confirm.received);
    context_.retry_waiters = true;
    return true;
  }
  confirms_.push_back(confirm);
  BeUpset();
  return true;
}

// Nothing of the channel can be written or is asked for any more. Sends that the peer has not received end when this rank
// closes it, too.
bool Link::OnCloseFrame(uint32_t channel) {
  const auto found = channels_.find(channel);
  if (found != channels_.end()) found->second->peer_closed = true;
  return true;
}

// A write's bytes are in the peer's memory.
void Link::OnWriteDone(Lane& lane, const Pair::Note& note) {
  if (!note.ends_grant) return;
  ++lane.writes_done;
  Outgoing* outgoing = outgoing_.Find(note.id);
  if (outgoing == nullptr) return;
  outgoing->done_bytes += note.grant_bytes;
  if (outgoing->done_bytes < outgoing->bytes) return;
  context_.registrations.Release(outgoing->region);
  ++context_.counters.messages_sent;
  CompleteSend(note.id, outgoing->context, outgoing->bytes);
  outgoing_.Erase(note.id);
}

// It has not arrived, and will not. The peer grants it again, unless it has closed the channel.
void Link::OnWriteLost(const Pair::Note& note) {
  if (!note.ends_grant) return;
  --writes_posted_;
  Outgoing* outgoing = outgoing_.Find(note.id);
  if (outgoing != nullptr) outgoing->granted_bytes -= note.grant_bytes;
}

// The peer says that it has received so many, and has destroyed its queue pair: acknowledgements that the network has lost
// will not come again.
void Link::ConfirmWrites(Lane& lane, uint64_t received) {
  lane.was_confirmed = true;
  const auto settle = [&](const Pair::Note& note) {
    if (lane.writes_done < received) {
      OnWriteDone(lane, note);
    } else {
      OnWriteLost(note);
    }
  };
  while (!lane.unconfirmed.empty()) settle(lane.unconfirmed.Pop());
  DropLanePair(lane, settle);
}

}  // namespace tutti::verbs
