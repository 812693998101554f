// SPDX-License-Identifier: Apache-2.0
// How the transport comes to its connections.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/log.h"
#include "transports/tcp/tags.h"
#include "transports/tcp/tcp_transport.h"

namespace tutti::tcp {

absl::Status TcpTransport::Connect(int32_t peer, absl::string_view address) {
  if (peer < 0 || peer >= options_.size || peer == options_.rank) {
    return absl::InvalidArgumentError(
        absl::StrCat("TCP: rank ", options_.rank, " of ", options_.size, " cannot connect to rank ", peer));
  }
  Peer& entry = peers_[static_cast<size_t>(peer)];
  if (entry.link != nullptr) return absl::OkStatus();
  absl::StatusOr<connect::EndpointAddress> target = connect::EndpointAddress::Decode(address);
  if (!target.ok()) return target.status();
  entry.address = *target;
  entry.link = std::make_unique<Link>(peer, context_);

  if (entry.early.has_value()) {
    connect::Admitted early = *std::move(entry.early);
    entry.early.reset();
    if (early.peer.endpoint == entry.address.endpoint) {
      Adopt(peer, std::move(early));
      return absl::OkStatus();
    }
  }
  const auto purpose = options_.rank < peer ? connect::Dialer::Purpose::kJoin : connect::Dialer::Purpose::kProbe;
  entry.dialer = std::make_unique<connect::Dialer>(purpose, peer, entry.address, address_.socket, options_, self_,
                                                   poller_, kDialTag + static_cast<uint64_t>(peer));
  ++num_dialing_;
  OnDial(peer, entry.dialer->Start(clock_.NowNs()));
  return absl::OkStatus();
}

void TcpTransport::StopDialing(int32_t peer) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  if (entry.dialer == nullptr) return;
  entry.dialer.reset();
  --num_dialing_;
}

void TcpTransport::OnDial(int32_t peer, connect::Dialer::Outcome outcome) {
  Peer& entry = peers_[static_cast<size_t>(peer)];
  switch (outcome) {
    case connect::Dialer::Outcome::kPending:
      next_time_ns_ = std::min(next_time_ns_, entry.dialer->next_ns());
      return;
    case connect::Dialer::Outcome::kHopeless: {
      const std::string why = entry.dialer->why();
      StopDialing(peer);
      entry.link->Fail(why);
      return;
    }
    case connect::Dialer::Outcome::kConnected: {
      connect::Admitted connection = entry.dialer->TakeConnection();
      Adopt(peer, std::move(connection));
      return;
    }
  }
}

// A rank that connected to this one has proved itself.
void TcpTransport::OnAdmitted(connect::Admitted admitted) {
  const int32_t peer = admitted.peer.rank;  // the handshake has checked its range
  Peer& entry = peers_[static_cast<size_t>(peer)];
  if (entry.link == nullptr) {
    // Not polled until Connect: the kernel's buffer holds what comes. A newer connection replaces one that was given
    // up.
    entry.early = std::move(admitted);
    return;
  }
  if (entry.link->state() != Link::State::kHeld || admitted.peer.endpoint != entry.address.endpoint) {
    TUTTI_LOG(kDebug, "refused a connection from rank ", peer, ": it is a second one, or not of the expected endpoint");
    return;
  }
  Adopt(peer, std::move(admitted));
}

void TcpTransport::Adopt(int32_t peer, connect::Admitted admitted) {
  StopDialing(peer);
  Link& link = *peers_[static_cast<size_t>(peer)].link;
  if (!poller_.Add(admitted.fd.get(), EPOLLIN, kLinkTag + static_cast<uint64_t>(peer))) {
    link.Fail("the kernel refuses to watch the connection");
    return;
  }
  link.Attach(std::move(admitted.fd), std::min(options_.eager_bytes, admitted.peer.eager_bytes),
              admitted.peer.unexpected_bytes);
  Note(link, peer);
}

// Whatever is due by now.
void TcpTransport::KeepTime() {
  if (next_time_ns_ == kForeverNs && !acceptor_.needs_time()) return;
  const int64_t now_ns = clock_.NowNs();
  if (now_ns < next_time_ns_ && !acceptor_.needs_time()) return;
  next_time_ns_ = acceptor_.DropExpired(now_ns);
  if (num_dialing_ == 0) return;
  for (size_t rank = 0; rank < peers_.size(); ++rank) {
    if (peers_[rank].dialer == nullptr) continue;
    const auto peer = static_cast<int32_t>(rank);
    OnDial(peer, peers_[rank].dialer->OnTime(now_ns));
  }
}

}  // namespace tutti::tcp
