// SPDX-License-Identifier: Apache-2.0
// How two ends of a fresh connection prove to each other that they know the job secret, before anything else is said:
//
//   initiator                                     acceptor
//     Hello: who, to whom, limits, nonce   --->
//                                          <---   Challenge: nonce, limits, HMAC(secret, "acceptor" Hello Challenge)
//     Proof: HMAC(secret, "initiator" ...) --->
//                                          <---   Welcome: HMAC(secret, "welcome" ...)
//
// All messages have fixed sizes. The acceptor looks into the Hello only after the Proof; the initiator counts on the
// connection only after the Welcome, so that an acceptor that lost patience is tried again. It never blocks.
#ifndef TUTTI_LIB_CONNECT_HANDSHAKE_H_
#define TUTTI_LIB_CONNECT_HANDSHAKE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "lib/connect/endpoint_address.h"

namespace tutti::connect {

// What an end says of itself.
struct HandshakeIdentity {
  int32_t rank = 0;
  int32_t size = 1;
  EndpointId endpoint = {};
  uint64_t eager_bytes = 0;
  uint64_t unexpected_bytes = 0;
  std::string secret;
};

// What is proved about the other end.
struct HandshakePeer {
  int32_t rank = -1;
  EndpointId endpoint = {};
  uint64_t eager_bytes = 0;
  uint64_t unexpected_bytes = 0;
};

// Fills `out` from the kernel's random numbers.
void FillRandom(uint8_t* out, size_t bytes);

class Handshake {
 public:
  enum class Step : uint8_t {
    kWaiting,  // for the other end
    kDone,     // peer() is proved
    kRefused,  // see reason(); close the connection
  };

  // `self` is borrowed. The initiator says whom it means to reach.
  static Handshake Initiate(const HandshakeIdentity& self, int32_t to_rank, const EndpointId& to_endpoint);
  static Handshake Accept(const HandshakeIdentity& self);

  // Goes on as far as the socket allows; reads never a byte more than the handshake's. Call when it became readable,
  // and once at the start.
  Step Advance(int fd);

  const HandshakePeer& peer() const { return peer_; }
  const std::string& reason() const { return reason_; }

 private:
  static constexpr size_t kNonceBytes = 32;
  static constexpr size_t kMacBytes = 32;
  static constexpr size_t kHelloBytes = 16 + 3 * 4 + 4 + 2 * 16 + 2 * 8 + kNonceBytes;
  static constexpr size_t kChallengeBytes = 2 * 8 + kNonceBytes;  // without its MAC

  enum class Phase : uint8_t { kSendHello, kReadHello, kReadChallenge, kReadProof, kReadWelcome };
  using Mac = std::array<uint8_t, kMacBytes>;

  explicit Handshake(const HandshakeIdentity& self) : self_(&self) {}

  Step Refuse(std::string reason);
  Step OnHello(int fd);
  Step OnChallenge(int fd);
  Step OnProof(int fd);
  Step OnWelcome();
  bool Send(int fd, const uint8_t* bytes, size_t count);
  Mac MacOf(const char* role) const;
  bool MacMatches(const char* role, const uint8_t* received) const;

  const HandshakeIdentity* self_;
  Phase phase_ = Phase::kReadHello;
  size_t wanted_bytes_ = 0;
  size_t have_bytes_ = 0;
  std::array<uint8_t, 256> incoming_ = {};
  // Hello and Challenge, as sent: what both MACs cover.
  std::array<uint8_t, kHelloBytes + kChallengeBytes> transcript_ = {};
  HandshakePeer peer_;
  std::string reason_;
};

}  // namespace tutti::connect

#endif  // TUTTI_LIB_CONNECT_HANDSHAKE_H_
