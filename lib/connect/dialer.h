// SPDX-License-Identifier: Apache-2.0
// Reaching one peer: connect, prove, and try again with growing pauses until it works or there is no hope. The side
// that is called instead uses it as a probe: it connects and hangs up at once, only to learn whether the peer still
// lives.
#ifndef TUTTI_LIB_CONNECT_DIALER_H_
#define TUTTI_LIB_CONNECT_DIALER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/unique_fd.h"
#include "lib/connect/acceptor.h"
#include "lib/connect/connect_options.h"
#include "lib/connect/endpoint_address.h"
#include "lib/connect/handshake.h"
#include "lib/connect/poller.h"

namespace tutti::connect {

class Dialer {
 public:
  enum class Purpose : uint8_t { kJoin, kProbe };
  enum class Outcome : uint8_t {
    kPending,
    kConnected,  // TakeConnection()
    kHopeless,   // see why()
  };

  // All references are borrowed.
  Dialer(Purpose purpose, int32_t peer, const EndpointAddress& target, const SocketAddress& source,
         const ConnectOptions& options, const HandshakeIdentity& self, Poller& poller, uint64_t tag);

  // Begins, at once or, for a probe, after its first pause.
  Outcome Start(int64_t now_ns);
  // The descriptor with the tag is ready.
  Outcome OnReady(int64_t now_ns);
  // Call at next_ns() or later.
  Outcome OnTime(int64_t now_ns);
  int64_t next_ns() const { return next_ns_; }

  Admitted TakeConnection();
  const std::string& why() const { return why_; }

 private:
  enum class Phase : uint8_t { kPause, kConnecting, kProving };

  Outcome Attempt(int64_t now_ns);
  Outcome Retry(int64_t now_ns, std::string why);

  const Purpose purpose_;
  const int32_t peer_;
  const EndpointAddress target_;
  const SocketAddress& source_;
  const ConnectOptions& options_;
  const HandshakeIdentity& self_;
  Poller& poller_;
  const uint64_t tag_;

  Phase phase_ = Phase::kPause;
  UniqueFd fd_;
  std::optional<Handshake> handshake_;
  int64_t pause_ns_;
  int64_t next_ns_ = kForeverNs;
  int64_t give_up_ns_ = kForeverNs;
  int attempts_ = 0;  // that failed since the peer last gave a sign
  std::string why_;
};

}  // namespace tutti::connect

#endif  // TUTTI_LIB_CONNECT_DIALER_H_
