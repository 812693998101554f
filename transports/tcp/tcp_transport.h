// SPDX-License-Identifier: Apache-2.0
// The TCP transport: one connection per pair of ranks, made when both ends ask for it. See README.md for the protocol
// and lib/transport/transport.h for what it promises.
//
// The lower rank of a pair connects, the higher one accepts. Poll writes what is queued, then reads: directly from the
// connections on which something is expected while these are few, else from those that epoll names.
#ifndef TUTTI_TRANSPORTS_TCP_TCP_TRANSPORT_H_
#define TUTTI_TRANSPORTS_TCP_TCP_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "lib/connect/acceptor.h"
#include "lib/connect/dialer.h"
#include "lib/connect/poller.h"
#include "lib/transport/transport.h"
#include "transports/tcp/link.h"
#include "transports/tcp/tcp_options.h"

namespace tutti::tcp {

class TcpTransport final : public Transport {
 public:
  static constexpr int64_t kLingerNs = 250 * kNsPerMs;

  // Begins to listen. Errors: an option out of range, an address that is not this host's, no descriptors left.
  static absl::StatusOr<std::unique_ptr<TcpTransport>> Create(const TcpOptions& options);
  // Sends nothing more. Waits up to kLingerNs for the peers' hosts to acknowledge what the kernel holds: an answer that
  // comes to a socket already closed would make the kernel throw it away.
  ~TcpTransport() override;

  const TransportCapabilities& capabilities() const override { return capabilities_; }
  const TransportCounters& counters() const override { return context_.counters; }

  std::string Address() const override { return address_.Encode(); }
  absl::Status Connect(int32_t peer, absl::string_view address) override;
  std::string PeerError(int32_t peer) const override;
  void CloseChannel(uint32_t channel) override;
  void ClosePeer(int32_t peer) override;
  void VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) const override;
  void PostSends(absl::Span<const SendRequest> requests) override;
  void PostRecvs(absl::Span<const RecvRequest> requests) override;
  size_t Poll(absl::Span<Completion> out) override;

  bool HasUnsentBytes() const override;

  int wait_fd() const override { return poller_.fd(); }
  bool PrepareToSleep() override;

  // For tests: memory taken for messages that came before their receive, all peers together.
  uint64_t unexpected_buffer_bytes() const { return context_.buffers.peak_bytes(); }

 private:
  struct Peer {
    std::unique_ptr<Link> link;               // from Connect on
    std::unique_ptr<connect::Dialer> dialer;  // until the connection stands
    std::optional<connect::Admitted> early;   // it connected before this rank's Connect
    connect::EndpointAddress address;
  };

  explicit TcpTransport(const TcpOptions& options);
  absl::Status Open();

  // tcp_connect.cc
  void OnDial(int32_t peer, connect::Dialer::Outcome outcome);
  void OnAdmitted(connect::Admitted admitted);
  void Adopt(int32_t peer, connect::Admitted admitted);
  void StopDialing(int32_t peer);
  void KeepTime();

  // tcp_poll.cc
  void Note(Link& link, int32_t peer);
  void WriteDirty();
  void WakePaced();
  void WriteOne(int32_t peer);
  void ReadOne(int32_t peer);
  void ReadAgain();
  void ReadExpecting();
  void CheckEvents();
  void OnEvent(uint64_t tag, uint32_t events, int64_t now_ns);
  void ArmBlocked();

  TcpOptions options_;
  Clock& clock_;
  TransportCapabilities capabilities_;
  connect::HandshakeIdentity self_;
  connect::EndpointAddress address_;
  LinkContext context_;
  connect::Poller poller_;
  connect::Acceptor acceptor_;
  std::vector<Peer> peers_;  // by rank

  // Ranks whose links want something; each link knows in which lists it is.
  std::vector<int32_t> dirty_;      // have frames to write
  std::vector<int32_t> blocked_;    // have frames, but a full socket
  std::vector<int32_t> paced_;      // have frames, but must not write yet; they are not dirty meanwhile
  std::vector<int32_t> expecting_;  // wait for the peer
  std::vector<int32_t> again_;      // stopped reading early
  std::vector<int32_t> scratch_;

  size_t num_dialing_ = 0;
  int64_t next_time_ns_ = kForeverNs;
  int polls_since_check_ = 0;
};

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_TCP_TRANSPORT_H_
