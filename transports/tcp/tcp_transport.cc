// SPDX-License-Identifier: Apache-2.0
#include "transports/tcp/tcp_transport.h"

#include <poll.h>

#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/checks.h"
#include "transports/tcp/tags.h"

namespace tutti::tcp {
namespace {

absl::Status CheckOptions(const TcpOptions& options) {
  const auto bad = [](auto... parts) { return absl::InvalidArgumentError(absl::StrCat("TCP: ", parts...)); };
  if (options.size < 1 || options.rank < 0 || options.rank >= options.size) {
    return bad("rank ", options.rank, " of ", options.size, " is impossible");
  }
  if (options.secret.empty()) return bad("the job secret is empty; without it anybody could join");
  if (options.eager_bytes > kMaxEagerBytes) {
    return bad("an eager limit of ", options.eager_bytes, " bytes; at most ", kMaxEagerBytes, " are possible");
  }
  if (options.segment_bytes == 0 || options.segment_bytes % kViewGranularity != 0 ||
      options.segment_bytes > (uint64_t{1} << 30)) {
    return bad("segments of ", options.segment_bytes, " bytes; a multiple of ", kViewGranularity,
               " up to 1 GiB is needed");
  }
  if (options.receive_buffer_bytes < (16 << 10) || options.receive_buffer_bytes > (uint64_t{1} << 30)) {
    return bad("a receive buffer of ", options.receive_buffer_bytes, " bytes; 16 KiB to 1 GiB are possible");
  }
  if (options.burst_bytes == 0 || options.max_half_open < 1 || options.max_half_open > 65536 ||
      options.connect_timeout_ns <= 0 || options.half_open_timeout_ns <= 0 || options.dead_peer_timeout_ns <= 0) {
    return bad("burst, half-open limit and timeouts must be positive");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<TcpTransport>> TcpTransport::Create(const TcpOptions& options) {
  absl::Status status = CheckOptions(options);
  if (!status.ok()) return status;
  std::unique_ptr<TcpTransport> transport(new TcpTransport(options));
  status = transport->Open();
  if (!status.ok()) return status;
  return transport;
}

TcpTransport::TcpTransport(const TcpOptions& options)
    : options_(options),
      clock_(options.clock != nullptr ? *options.clock : MonotonicClock()),
      context_(options_),
      acceptor_(options_, self_, poller_, kListenerTag, kHalfOpenTag),
      peers_(static_cast<size_t>(options.size)) {
  context_.buffers.Prepare(options.eager_bytes);
  for (std::vector<int32_t>* list : {&dirty_, &blocked_, &paced_, &expecting_, &again_, &scratch_})
    list->reserve(peers_.size());
  capabilities_.name = "tcp";
  capabilities_.eager_bytes = options.eager_bytes;
  capabilities_.max_message_bytes = kMaxMessageBytes;
}

absl::Status TcpTransport::Open() {
  absl::StatusOr<connect::SocketAddress> bind_address = connect::SocketAddress::ParseNumeric(options_.bind_address);
  if (!bind_address.ok()) return bind_address.status();
  if (bind_address->IsWildcard()) {
    return absl::InvalidArgumentError(absl::StrCat("TCP: \"", options_.bind_address,
                                                   "\" is no address that peers can connect to; name one interface's"));
  }
  address_.socket = *bind_address;
  absl::Status status = poller_.Open();
  if (!status.ok()) return status;
  connect::FillRandom(address_.endpoint.data(), address_.endpoint.size());
  self_.rank = options_.rank;
  self_.size = options_.size;
  self_.endpoint = address_.endpoint;
  self_.eager_bytes = options_.eager_bytes;
  self_.unexpected_bytes = options_.unexpected_bytes_per_peer;
  self_.secret = options_.secret;
  return acceptor_.Open(&address_.socket);
}

TcpTransport::~TcpTransport() {
  for (int64_t waited_ns = 0; waited_ns < kLingerNs; waited_ns += kNsPerMs) {
    bool waits = false;
    for (Peer& peer : peers_) waits |= peer.link != nullptr && peer.link->AwaitsAcknowledgement();
    if (!waits) break;
    ::poll(nullptr, 0, 1);
  }
  for (Peer& peer : peers_) {
    if (peer.link != nullptr) peer.link->Close();
  }
}

std::string TcpTransport::PeerError(int32_t peer) const {
  if (peer < 0 || peer >= options_.size) return "";
  const Peer& entry = peers_[static_cast<size_t>(peer)];
  return entry.link == nullptr ? "" : entry.link->error();
}

void TcpTransport::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const {
  for (const Peer& peer : peers_) {
    if (peer.link != nullptr) peer.link->VisitEarly(visit);
  }
}

void TcpTransport::CloseChannel(uint32_t channel) {
  context_.closed_channels.Add(channel);
  context_.completions.DropChannel(channel);
  for (size_t rank = 0; rank < peers_.size(); ++rank) {
    if (peers_[rank].link == nullptr) continue;
    peers_[rank].link->CloseChannel(channel);
    Note(*peers_[rank].link, static_cast<int32_t>(rank));
  }
}

void TcpTransport::ClosePeer(int32_t peer) {
  if (peer < 0 || peer >= options_.size) return;
  StopDialing(peer);
  Peer& entry = peers_[static_cast<size_t>(peer)];
  entry.early.reset();
  // What was posted last may be why this rank gives up.
  if (entry.link != nullptr && entry.link->has_frames()) (void)entry.link->Write();
  context_.completions.DropPeer(peer);
  if (entry.link == nullptr) entry.link = std::make_unique<Link>(peer, context_);
  entry.link->Close();
}

void TcpTransport::PostSends(absl::Span<const SendRequest> requests) {
  for (const SendRequest& request : requests) {
    const bool known =
        request.peer >= 0 && request.peer < options_.size && peers_[static_cast<size_t>(request.peer)].link != nullptr;
    TUTTI_DCHECK(known, "a send to peer ", request.peer, ", which was never connected");
    TUTTI_DCHECK(request.bytes <= kMaxMessageBytes, "a send of ", request.bytes, " bytes");
    if (!known || request.bytes > kMaxMessageBytes) continue;
    Link& link = *peers_[static_cast<size_t>(request.peer)].link;
    link.PostSend(request);
    Note(link, request.peer);
  }
}

void TcpTransport::PostRecvs(absl::Span<const RecvRequest> requests) {
  for (const RecvRequest& request : requests) {
    const bool known =
        request.peer >= 0 && request.peer < options_.size && peers_[static_cast<size_t>(request.peer)].link != nullptr;
    TUTTI_DCHECK(known, "a receive from peer ", request.peer, ", which was never connected");
    TUTTI_DCHECK(request.bytes <= kMaxMessageBytes, "a receive of ", request.bytes, " bytes");
    if (!known || request.bytes > kMaxMessageBytes) continue;
    Link& link = *peers_[static_cast<size_t>(request.peer)].link;
    link.PostRecv(request);
    Note(link, request.peer);
  }
}

bool TcpTransport::HasUnsentBytes() const {
  for (const Peer& peer : peers_) {
    if (peer.link != nullptr && peer.link->has_frames()) return true;
  }
  return false;
}

}  // namespace tutti::tcp
