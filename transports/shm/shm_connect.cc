// SPDX-License-Identifier: Apache-2.0
// How the ranks of a host come to their common memory.
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "transports/shm/barrier.h"
#include "transports/shm/shm_transport.h"
#include "transports/shm/tags.h"

namespace tutti::shm {

absl::Status ShmTransport::Connect(int32_t peer, absl::string_view address) {
  if (peer < 0 || peer >= options_.size || peer == options_.rank) {
    return absl::InvalidArgumentError(
        absl::StrCat("shm: rank ", options_.rank, " of ", options_.size, " cannot connect to rank ", peer));
  }
  Peer& entry = peers_[static_cast<size_t>(peer)];
  if (entry.pair != nullptr) return absl::OkStatus();
  absl::StatusOr<connect::EndpointAddress> target = connect::EndpointAddress::Decode(address);
  if (!target.ok()) return target.status();
  entry.address = *target;
  entry.pair = std::make_unique<Pair>(peer, context_);
  ++num_joining_;

  if (entry.early.has_value()) {
    connect::Admitted early = *std::move(entry.early);
    entry.early.reset();
    if (early.peer.endpoint == entry.address.endpoint) {
      Greet(peer, std::move(early));
      return absl::OkStatus();
    }
  }
  using connect::Dialer;
  const auto purpose = options_.rank < peer ? Dialer::Purpose::kJoin : Dialer::Purpose::kProbe;
  entry.dialer = std::make_unique<Dialer>(purpose, peer, entry.address, address_.socket, options_, self_, poller_,
                                          kDialTag + static_cast<uint64_t>(peer));
  OnDial(peer, entry.dialer->Start(clock_.NowNs()));
  return absl::OkStatus();
}

void ShmTransport::StopDialing(int32_t peer) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  if (entry.dialer == nullptr) return;
  entry.dialer.reset();
}

void ShmTransport::OnDial(int32_t peer, connect::Dialer::Outcome outcome) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  switch (outcome) {
    case connect::Dialer::Outcome::kPending:
      next_time_ns_ = std::min(next_time_ns_, entry.dialer->next_ns());
      return;
    case connect::Dialer::Outcome::kHopeless: {
      const std::string why = entry.dialer->why();
      StopDialing(peer);
      --num_joining_;
      entry.pair->Fail(why);
      return;
    }
    case connect::Dialer::Outcome::kConnected: {
      connect::Admitted connection = entry.dialer->TakeConnection();
      Greet(peer, std::move(connection));
      return;
    }
  }
}

// A rank that connected to this one has proved itself.
void ShmTransport::OnAdmitted(connect::Admitted admitted) {
  const int32_t peer = admitted.peer.rank;  // the handshake has checked its range
  Peer& entry = peers_[static_cast<size_t>(peer)];
  if (entry.pair == nullptr) {
    entry.early = std::move(admitted);
    return;
  }
  if (entry.pair->state() != Pair::State::kHeld || entry.channel.open() ||
      admitted.peer.endpoint != entry.address.endpoint) {
    TUTTI_LOG(kDebug, "refused a connection from rank ", peer, ": it is a second one, or not of the expected endpoint");
    return;
  }
  Greet(peer, std::move(admitted));
}

// Both ends have proved themselves: say what it takes to share memory.
void ShmTransport::Greet(int32_t peer, connect::Admitted admitted) {
  StopDialing(peer);
  Peer& entry = peers_[static_cast<size_t>(peer)];
  entry.channel = FdChannel(std::move(admitted.fd));
  if (!poller_.Add(entry.channel.fd(), EPOLLIN, kSocketTag + static_cast<uint64_t>(peer))) {
    return OnEnd(peer, "the kernel refuses to watch the connection");
  }
  Note note;
  note.kind = NoteKind::kAttach;
  note.token_address = reinterpret_cast<uint64_t>(&token_);
  note.token = token_;
  note.flags = JoinBarriers() ? kFlagBarriers : 0;
  note.bytes = Segment::Bytes(options_.ring_bytes);
  if (options_.rank < peer) {
    absl::StatusOr<SharedMemory> memory = SharedMemory::Create("tutti-pair", note.bytes);
    if (!memory.ok()) return OnEnd(peer, memory.status().message());
    auto* segment = reinterpret_cast<Segment*>(memory->data());
    segment->version = Segment::kVersion;
    segment->ring_bytes = options_.ring_bytes;
    entry.segment = *std::move(memory);
  }
  entry.channel.Send(note, {doorbell_.get(), entry.segment.fd()});
  for (auto& [channel, window] : windows_) ShareWindow(channel, window, peer);
  context_.regions.ForEach([&](const SharedRegions::Region& region) { ShareRegion(region, entry); });
  ReadNotes(peer);
}

void ShmTransport::ReadNotes(int32_t peer) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  while (entry.channel.open()) {
    ReceivedNote received;
    switch (entry.channel.Receive(&received)) {
      case FdChannel::Result::kNothing:
        return;
      case FdChannel::Result::kEnd:
        return OnEnd(peer, "the peer's process is gone");
      case FdChannel::Result::kBroken:
        return OnEnd(peer, "the peer broke the protocol: it sent a note that cannot be");
      case FdChannel::Result::kNote:
        break;
    }
    switch (received.note.kind) {
      case NoteKind::kAttach:
        OnAttach(peer, received);
        break;
      case NoteKind::kWindow:
        OnWindow(peer, received);
        break;
      case NoteKind::kRegion:
        OnRegion(peer, received);
        break;
      case NoteKind::kRegionEnd:
        OnRegionEnd(peer, received.note);
        break;
      case NoteKind::kRegionMapped:
        context_.regions.SetMapped(received.note.channel, peer);
        break;
      default:
        return OnEnd(peer, "the peer broke the protocol: it sent a note of unknown kind");
    }
  }
}

void ShmTransport::OnAttach(int32_t peer, ReceivedNote& received) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  const bool lower = options_.rank < peer;
  const uint64_t bytes = Segment::Bytes(options_.ring_bytes);
  if (entry.pair->state() != Pair::State::kHeld || received.note.bytes != bytes || !received.fds[0].valid() ||
      (!lower && !received.fds[1].valid())) {
    return OnEnd(peer,
                 "the peer's shared memory does not fit; do all ranks run the same tutti with the same settings?");
  }
  SharedMemory memory = std::move(entry.segment);
  if (!lower) {
    absl::StatusOr<SharedMemory> mapped = SharedMemory::Map(std::move(received.fds[1]), bytes);
    if (!mapped.ok()) return OnEnd(peer, mapped.status().message());
    memory = *std::move(mapped);
    const auto* segment = reinterpret_cast<const Segment*>(memory.data());
    if (segment->version != Segment::kVersion || segment->ring_bytes != options_.ring_bytes) {
      return OnEnd(peer, "the peer's shared memory has another layout; do all ranks run the same tutti?");
    }
  }
  entry.doorbell = std::move(received.fds[0]);
  entry.barrier_needed = !(JoinBarriers() && (received.note.flags & kFlagBarriers) != 0);
  PeerMemory peer_memory;
  if (options_.read_peer_memory) {
    peer_memory = PeerMemory(entry.channel.PeerPid(), received.note.token_address, received.note.token);
  }
  entry.reads_memory = peer_memory.readable();
  --num_joining_;
  entry.pair->Attach(std::move(memory), lower ? 0 : 1, peer_memory);
  if (asleep_) entry.pair->own_side().asleep.store(kAsleep, std::memory_order_relaxed);
  active_.push_back(peer);
  WakeIfAsleep(peer);
}

// The connection is over; whatever of the peer's is left in the rings can still be taken.
void ShmTransport::OnEnd(int32_t peer, absl::string_view why) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  const Pair::State state = entry.pair->state();
  entry.channel.Close();
  entry.segment = {};
  if (state == Pair::State::kHeld) --num_joining_;
  entry.pair->OnPeerGone(why);
}

// Whatever is due by now.
void ShmTransport::KeepTime() {
  if (next_time_ns_ == kForeverNs && !acceptor_.needs_time()) return;
  const int64_t now_ns = clock_.NowNs();
  if (now_ns < next_time_ns_ && !acceptor_.needs_time()) return;
  next_time_ns_ = acceptor_.DropExpired(now_ns);
  for (size_t rank = 0; rank < peers_.size(); ++rank) {
    if (peers_[rank].dialer == nullptr) continue;
    const auto peer = static_cast<int32_t>(rank);
    OnDial(peer, peers_[rank].dialer->OnTime(now_ns));
  }
  const bool set = next_time_ns_ != kForeverNs;
  poller_.SetTimer(set ? std::max<int64_t>(next_time_ns_ - now_ns, 0) : -1);
}

void ShmTransport::CheckEvents() {
  epoll_event events[64];
  ++context_.counters.system_calls;
  const size_t n = poller_.Check(absl::MakeSpan(events));
  const int64_t now_ns = n > 0 ? clock_.NowNs() : 0;
  for (size_t i = 0; i < n; ++i) OnEvent(events[i].data.u64, now_ns);
  for (const int32_t peer : active_) {
    FdChannel& channel = peers_[static_cast<size_t>(peer)].channel;
    if (channel.has_unsent()) channel.Flush();
  }
}

void ShmTransport::OnEvent(uint64_t tag, int64_t now_ns) {
  const uint64_t low = tag & ~kTagKindMask;
  switch (tag & kTagKindMask) {
    case kDoorbellTag: {
      uint64_t rings = 0;
      [[maybe_unused]] const ssize_t n = ::read(doorbell_.get(), &rings, sizeof(rings));
      return;
    }
    case kListenerTag:
      return acceptor_.AcceptPending(now_ns);
    case kHalfOpenTag: {
      std::optional<connect::Admitted> admitted = acceptor_.Advance(low);
      if (admitted.has_value()) OnAdmitted(*std::move(admitted));
      return;
    }
    case kDialTag: {
      Peer& entry = peers_[low];
      if (entry.dialer != nullptr) OnDial(static_cast<int32_t>(low), entry.dialer->OnReady(now_ns));
      return;
    }
    case kSocketTag:
      return ReadNotes(static_cast<int32_t>(low));
    default:
      return;
  }
}

}  // namespace tutti::shm
