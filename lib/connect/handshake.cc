// SPDX-License-Identifier: Apache-2.0
#include "lib/connect/handshake.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/base/wire.h"
#include "lib/connect/socket.h"

namespace tutti::connect {
namespace {

constexpr char kMagic[16] = {'t', 'u', 't', 't', 'i', '-', 'd', 'a', 't', 'a', '1', '\r', '\n', '\0', '\xff', '\x01'};

// Places in the Hello.
constexpr size_t kFromRank = 16;
constexpr size_t kToRank = 20;
constexpr size_t kSize = 24;
constexpr size_t kFromEndpoint = 32;
constexpr size_t kToEndpoint = 48;
constexpr size_t kHelloEager = 64;
constexpr size_t kHelloUnexpected = 72;
constexpr size_t kHelloNonce = 80;
// Places in the Challenge.
constexpr size_t kChallengeEager = 0;
constexpr size_t kChallengeUnexpected = 8;
constexpr size_t kChallengeNonce = 16;

}  // namespace

void FillRandom(uint8_t* out, size_t bytes) {
  while (bytes > 0) {
    const ssize_t n = ::getrandom(out, bytes, 0);
    if (n <= 0) continue;  // only EINTR is possible, and only before the kernel's pool is ready
    out += n;
    bytes -= static_cast<size_t>(n);
  }
}

Handshake Handshake::Initiate(const HandshakeIdentity& self, int32_t to_rank, const EndpointId& to_endpoint) {
  static_assert(kHelloNonce + kNonceBytes == kHelloBytes && kChallengeNonce + kNonceBytes == kChallengeBytes);
  Handshake handshake(self);
  handshake.phase_ = Phase::kSendHello;
  handshake.peer_.rank = to_rank;
  handshake.peer_.endpoint = to_endpoint;
  uint8_t* hello = handshake.transcript_.data();
  std::memcpy(hello, kMagic, sizeof(kMagic));
  StoreWire(hello + kFromRank, self.rank);
  StoreWire(hello + kToRank, to_rank);
  StoreWire(hello + kSize, self.size);
  std::memcpy(hello + kFromEndpoint, self.endpoint.data(), self.endpoint.size());
  std::memcpy(hello + kToEndpoint, to_endpoint.data(), to_endpoint.size());
  StoreWire(hello + kHelloEager, self.eager_bytes);
  StoreWire(hello + kHelloUnexpected, self.unexpected_bytes);
  FillRandom(hello + kHelloNonce, kNonceBytes);
  return handshake;
}

Handshake Handshake::Accept(const HandshakeIdentity& self) {
  Handshake handshake(self);
  handshake.phase_ = Phase::kReadHello;
  handshake.wanted_bytes_ = kHelloBytes;
  return handshake;
}

Handshake::Step Handshake::Refuse(std::string reason) {
  reason_ = std::move(reason);
  return Step::kRefused;
}

bool Handshake::Send(int fd, const uint8_t* bytes, size_t count) {
  // A fresh socket takes these few bytes at once; one that does not is broken.
  const ssize_t n = ::send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
  return n == static_cast<ssize_t>(count);
}

Handshake::Step Handshake::Advance(int fd) {
  if (phase_ == Phase::kSendHello) {
    if (!Send(fd, transcript_.data(), kHelloBytes)) return Refuse("the connection broke during the handshake");
    phase_ = Phase::kReadChallenge;
    wanted_bytes_ = kChallengeBytes + kMacBytes;
  }
  for (;;) {
    const ssize_t n = ::recv(fd, incoming_.data() + have_bytes_, wanted_bytes_ - have_bytes_, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Step::kWaiting;
    if (n < 0) return Refuse(absl::StrCat(SocketErrorName(errno), " during the handshake"));
    if (n == 0) return Refuse("the other end closed the connection during the handshake");
    have_bytes_ += static_cast<size_t>(n);
    // Somebody who speaks another language is not kept waiting for the rest.
    if (phase_ == Phase::kReadHello &&
        std::memcmp(incoming_.data(), kMagic, std::min(have_bytes_, sizeof(kMagic))) != 0) {
      return Refuse("the other end does not speak this protocol");
    }
    if (have_bytes_ < wanted_bytes_) continue;
    have_bytes_ = 0;
    Step step = Step::kRefused;
    switch (phase_) {
      case Phase::kReadHello:
        step = OnHello(fd);
        break;
      case Phase::kReadChallenge:
        step = OnChallenge(fd);
        break;
      case Phase::kReadProof:
        step = OnProof(fd);
        break;
      case Phase::kReadWelcome:
        step = OnWelcome();
        break;
      case Phase::kSendHello:
        break;
    }
    if (step != Step::kWaiting) return step;
  }
}

// The Hello is only kept, and answered.
Handshake::Step Handshake::OnHello(int fd) {
  std::memcpy(transcript_.data(), incoming_.data(), kHelloBytes);
  uint8_t* challenge = transcript_.data() + kHelloBytes;
  StoreWire(challenge + kChallengeEager, self_->eager_bytes);
  StoreWire(challenge + kChallengeUnexpected, self_->unexpected_bytes);
  FillRandom(challenge + kChallengeNonce, kNonceBytes);
  const Mac mac = MacOf("acceptor");
  uint8_t answer[kChallengeBytes + kMacBytes];
  std::memcpy(answer, challenge, kChallengeBytes);
  std::memcpy(answer + kChallengeBytes, mac.data(), kMacBytes);
  if (!Send(fd, answer, sizeof(answer))) return Refuse("the connection broke during the handshake");
  phase_ = Phase::kReadProof;
  wanted_bytes_ = kMacBytes;
  return Step::kWaiting;
}

Handshake::Step Handshake::OnChallenge(int fd) {
  std::memcpy(transcript_.data() + kHelloBytes, incoming_.data(), kChallengeBytes);
  if (!MacMatches("acceptor", incoming_.data() + kChallengeBytes)) {
    return Refuse("the other end does not know the job secret");
  }
  const uint8_t* challenge = transcript_.data() + kHelloBytes;
  peer_.eager_bytes = LoadWire<uint64_t>(challenge + kChallengeEager);
  peer_.unexpected_bytes = LoadWire<uint64_t>(challenge + kChallengeUnexpected);
  const Mac proof = MacOf("initiator");
  if (!Send(fd, proof.data(), proof.size())) return Refuse("the connection broke during the handshake");
  phase_ = Phase::kReadWelcome;
  wanted_bytes_ = kMacBytes;
  return Step::kWaiting;
}

Handshake::Step Handshake::OnProof(int fd) {
  if (!MacMatches("initiator", incoming_.data())) return Refuse("the other end does not know the job secret");
  const uint8_t* hello = transcript_.data();
  const int32_t from = LoadWire<int32_t>(hello + kFromRank);
  const int32_t to = LoadWire<int32_t>(hello + kToRank);
  const int32_t size = LoadWire<int32_t>(hello + kSize);
  if (std::memcmp(hello + kToEndpoint, self_->endpoint.data(), self_->endpoint.size()) != 0) {
    return Refuse("the other end looks for an endpoint that had this port before");
  }
  if (size != self_->size || to != self_->rank || from < 0 || from >= self_->rank) {
    return Refuse(absl::StrCat("rank ", from, " of ", size, " came for rank ", to, "; this is rank ", self_->rank,
                               " of ", self_->size));
  }
  peer_.rank = from;
  std::memcpy(peer_.endpoint.data(), hello + kFromEndpoint, peer_.endpoint.size());
  peer_.eager_bytes = LoadWire<uint64_t>(hello + kHelloEager);
  peer_.unexpected_bytes = LoadWire<uint64_t>(hello + kHelloUnexpected);
  const Mac welcome = MacOf("welcome");
  if (!Send(fd, welcome.data(), welcome.size())) return Refuse("the connection broke during the handshake");
  return Step::kDone;
}

Handshake::Step Handshake::OnWelcome() {
  if (!MacMatches("welcome", incoming_.data())) return Refuse("the other end does not know the job secret");
  return Step::kDone;
}

Handshake::Mac Handshake::MacOf(const char* role) const {
  std::array<uint8_t, 16 + kHelloBytes + kChallengeBytes> covered = {};
  std::memcpy(covered.data(), role, std::min<size_t>(std::strlen(role), 16));
  std::memcpy(covered.data() + 16, transcript_.data(), transcript_.size());
  Mac mac = {};
  unsigned int bytes = kMacBytes;
  if (::HMAC(EVP_sha256(), self_->secret.data(), static_cast<int>(self_->secret.size()), covered.data(), covered.size(),
             mac.data(), &bytes) == nullptr) {
    // Out of memory. A random MAC is refused by the other end, as it should be.
    FillRandom(mac.data(), mac.size());
  }
  return mac;
}

bool Handshake::MacMatches(const char* role, const uint8_t* received) const {
  const Mac mac = MacOf(role);
  return CRYPTO_memcmp(mac.data(), received, mac.size()) == 0;
}

}  // namespace tutti::connect
