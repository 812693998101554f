// SPDX-License-Identifier: Apache-2.0
// The other end of a connection, played by hand on a blocking socket: a stranger, or a member that breaks the rules.
#ifndef TUTTI_TESTS_UNIT_TCP_FAKE_PEER_H_
#define TUTTI_TESTS_UNIT_TCP_FAKE_PEER_H_

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "lib/connect/handshake.h"
#include "lib/connect/socket.h"
#include "tcp_test_util.h"
#include "transports/tcp/wire.h"

namespace tutti::tcp {

class FakePeer {
 public:
  // Connects to the transport; says nothing yet.
  explicit FakePeer(const TcpTransport& to) : target_(*connect::EndpointAddress::Decode(to.Address())) {
    fd_.Reset(::socket(target_.socket.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd_.get(), target_.socket.get(), target_.socket.bytes), 0);
    // An address nobody needs, for Connect on the other side.
    own_.socket = target_.socket;
    own_.endpoint.fill(0x5a);
  }

  std::string Address() const { return own_.Encode(); }
  int fd() const { return fd_.get(); }
  connect::EndpointAddress& target() { return target_; }

  void Say(const void* bytes, size_t count) {
    EXPECT_EQ(::send(fd_.get(), bytes, count, MSG_NOSIGNAL), static_cast<ssize_t>(count));
  }
  void SayFrame(const FrameHeader& header) {
    uint8_t bytes[kFrameHeaderBytes];
    EncodeFrame(header, bytes);
    Say(bytes, sizeof(bytes));
  }
  void SayEager(const MessageId& id, const std::vector<uint8_t>& payload, uint64_t signature = 7) {
    FrameHeader header;
    header.kind = FrameKind::kEager;
    header.id = id;
    header.signature = signature;
    header.payload_bytes = static_cast<uint32_t>(payload.size());
    header.message_bytes = payload.size();
    SayFrame(header);
    if (!payload.empty()) Say(payload.data(), payload.size());
  }

  // The whole handshake as `rank` of `size` with the given secret, while `drive` moves the other side. True if
  // welcomed.
  bool Join(int32_t rank, int32_t size, int32_t to_rank, const std::string& secret, const std::function<void()>& drive,
            const connect::EndpointId* to_endpoint = nullptr) {
    identity_.rank = rank;
    identity_.size = size;
    identity_.endpoint = own_.endpoint;
    identity_.eager_bytes = 16384;
    identity_.unexpected_bytes = 1 << 20;
    identity_.secret = secret;
    connect::Handshake handshake =
        connect::Handshake::Initiate(identity_, to_rank, to_endpoint != nullptr ? *to_endpoint : target_.endpoint);
    const int64_t deadline_ns = MonotonicClock().NowNs() + 10 * kNsPerSecond;
    while (MonotonicClock().NowNs() < deadline_ns) {
      const connect::Handshake::Step step = handshake.Advance(fd_.get());
      if (step != connect::Handshake::Step::kWaiting) return step == connect::Handshake::Step::kDone;
      drive();
    }
    return false;
  }

  // True when the other side has closed or reset the connection.
  bool IsDropped() {
    uint8_t scrap[4096];
    for (;;) {
      const ssize_t n = ::recv(fd_.get(), scrap, sizeof(scrap), MSG_DONTWAIT);
      if (n == 0) return true;
      if (n < 0) return errno != EAGAIN && errno != EWOULDBLOCK;
    }
  }

  // Waits for a whole frame header.
  bool HearFrame(FrameHeader* header, const std::function<void()>& drive) {
    uint8_t bytes[kFrameHeaderBytes];
    size_t have = 0;
    const int64_t deadline_ns = MonotonicClock().NowNs() + 10 * kNsPerSecond;
    while (have < sizeof(bytes) && MonotonicClock().NowNs() < deadline_ns) {
      const ssize_t n = ::recv(fd_.get(), bytes + have, sizeof(bytes) - have, MSG_DONTWAIT);
      if (n == 0) return false;
      if (n > 0) have += static_cast<size_t>(n);
      drive();
    }
    return have == sizeof(bytes) && DecodeFrame(bytes, header) == nullptr;
  }

  void Close() { fd_.Reset(); }
  void Reset() {
    const linger abort = {1, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
    fd_.Reset();
  }

 private:
  connect::EndpointAddress target_;
  connect::EndpointAddress own_;
  connect::HandshakeIdentity identity_;
  UniqueFd fd_;
};

}  // namespace tutti::tcp

#endif  // TUTTI_TESTS_UNIT_TCP_FAKE_PEER_H_
