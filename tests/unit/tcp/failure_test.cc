// SPDX-License-Identifier: Apache-2.0
// Peers that die, leave, or break the protocol.
#include <algorithm>
#include <string>
#include <vector>

#include "fake_peer.h"
#include "tcp_test_util.h"

namespace tutti::tcp {
namespace {

TEST(TcpFailure, ADeadPeerIsReportedOnceWithWhatWasWaiting) {
  Mesh mesh(3);
  mesh.ConnectAll();
  mesh.Warm();
  std::vector<uint8_t> buffer(100000);
  for (uint32_t i = 0; i < 3; ++i) mesh[0].Recv(1, {1, i, 1}, buffer.data(), i * 10000);
  mesh[0].Recv(2, {1, 0, 1}, buffer.data(), 10);
  mesh.PollFor(kNsPerMs);
  mesh[1].transport.reset();
  ASSERT_TRUE(mesh.Until([&] { return mesh[0].Count(CompletionKind::kPeerFailed) == 1; }));
  EXPECT_EQ(mesh[0].completions[0].peer, 1);
  EXPECT_NE(mesh[0].transport->PeerError(1).find("while 3 receives were waiting"), std::string::npos)
      << mesh[0].transport->PeerError(1);
  // Posted afterwards: dropped. And nothing more is said.
  mesh[0].Send(1, {1, 9, 1}, buffer.data(), 10);
  mesh[0].Recv(1, {1, 9, 1}, buffer.data(), 10);
  mesh.PollFor(5 * kNsPerMs);
  EXPECT_EQ(mesh[0].completions.size(), 1u);
  // The third rank is not disturbed.
  mesh[2].Send(0, {1, 0, 1}, buffer.data(), 10);
  ASSERT_TRUE(mesh.Until([&] { return mesh[0].Count(CompletionKind::kRecvDone) == 1; }));
  EXPECT_EQ(mesh[0].transport->PeerError(2), "");
}

TEST(TcpFailure, APeerThatDiesInMidMessageFailsTheSenderAndTheReceiver) {
  constexpr uint64_t kBytes = 12 << 20;
  for (const size_t dying : {size_t{0}, size_t{1}}) {
    Mesh mesh(2);
    mesh.ConnectAll();
    mesh.Warm();
    const std::vector<uint8_t> out = Pattern(kBytes, 1);
    std::vector<uint8_t> in(kBytes);
    mesh[1].Recv(0, {1, 0, 1}, in.data(), in.size());
    mesh[0].Send(1, {1, 0, 1}, out.data(), out.size());
    ASSERT_TRUE(mesh.Until([&] { return mesh[1].transport->counters().payload_bytes_received > 1000000; }));
    mesh[dying].transport.reset();
    Endpoint& survivor = mesh[1 - dying];
    ASSERT_TRUE(mesh.Until([&] { return survivor.Count(CompletionKind::kPeerFailed) == 1; }));
    EXPECT_EQ(survivor.completions.size(), 1u);
    EXPECT_NE(survivor.transport->PeerError(static_cast<int32_t>(dying)).find(" was waiting"), std::string::npos)
        << survivor.transport->PeerError(static_cast<int32_t>(dying));
  }
}

TEST(TcpFailure, APeerThatLeavesInGoodOrderDisturbsNobodyUntilItIsWanted) {
  Mesh mesh(2);
  mesh.ConnectAll();
  mesh.Warm();
  const std::vector<uint8_t> out = Pattern(5000, 1);
  mesh[0].Send(1, {1, 0, 1}, out.data(), out.size());
  ASSERT_TRUE(mesh.Until([&] { return mesh[0].Count(CompletionKind::kSendDone) == 1; }));
  mesh[0].transport.reset();
  mesh.PollFor(20 * kNsPerMs);
  EXPECT_TRUE(mesh[1].completions.empty());
  EXPECT_EQ(mesh[1].transport->PeerError(0), "");
  EXPECT_TRUE(mesh[1].transport->PrepareToSleep());
  // Its last message is still good.
  std::vector<uint8_t> in(out.size());
  mesh[1].Recv(0, {1, 0, 1}, in.data(), in.size());
  ASSERT_TRUE(mesh.Until([&] { return mesh[1].Count(CompletionKind::kRecvDone) == 1; }));
  EXPECT_EQ(in, out);
  // But another one will never come.
  mesh[1].Recv(0, {1, 1, 1}, in.data(), in.size());
  ASSERT_TRUE(mesh.Until([&] { return mesh[1].Count(CompletionKind::kPeerFailed) == 1; }));
  EXPECT_NE(mesh[1].transport->PeerError(0), "");
}

TEST(TcpFailure, ASendToAPeerThatLeftFails) {
  Mesh mesh(2);
  mesh.ConnectAll();
  mesh.Warm();
  mesh[0].transport.reset();
  mesh.PollFor(5 * kNsPerMs);
  uint8_t byte = 0;
  mesh[1].Send(0, {1, 0, 1}, &byte, 1);
  ASSERT_TRUE(mesh.Until([&] { return mesh[1].Count(CompletionKind::kPeerFailed) == 1; }));
}

TEST(TcpFailure, BytesSentBeforeLeavingArriveHoweverLateTheyAreReceived) {
  Mesh mesh(2);
  mesh.ConnectAll();
  mesh.Warm();
  const std::vector<uint8_t> out = Pattern(10000, 1);
  // Less than the sockets hold.
  std::vector<std::vector<uint8_t>> in(20, std::vector<uint8_t>(10000));
  for (uint32_t i = 0; i < in.size(); ++i) mesh[0].Send(1, {1, i, 1}, out.data(), out.size());
  mesh[1].Send(0, {1, 0, 1}, out.data(), out.size());  // never received by rank 0
  for (int i = 0; i < 1000 && mesh[0].Count(CompletionKind::kSendDone) < in.size(); ++i) mesh[0].PollOnce();
  ASSERT_EQ(mesh[0].Count(CompletionKind::kSendDone), in.size());
  EXPECT_FALSE(mesh[0].transport->HasUnsentBytes());
  // Rank 1 makes room in its socket, but posts no receive yet.
  mesh.PollFor(20 * kNsPerMs);
  mesh[0].transport.reset();
  for (uint32_t i = 0; i < in.size(); ++i) mesh[1].Recv(0, {1, i, 1}, in[i].data(), in[i].size());
  ASSERT_TRUE(mesh.Until([&] { return mesh[1].Count(CompletionKind::kRecvDone) == in.size(); }));
  for (const auto& message : in) EXPECT_EQ(message, out);
}

// A member of the job that knows the secret but not the rules.
class TcpRuleBreaker : public ::testing::Test {
 protected:
  TcpRuleBreaker() : options_(LoopbackOptions(1, 2)) {
    options_.unexpected_bytes_per_peer = 100000;
    victim_.transport = MustCreate(options_);
    peer_ = std::make_unique<FakePeer>(*victim_.transport);
    EXPECT_TRUE(peer_->Join(0, 2, 1, options_.secret, [this] { victim_.PollOnce(); }));
    EXPECT_TRUE(victim_.transport->Connect(0, peer_->Address()).ok());
    victim_.Recv(0, {1, 0, 1}, buffer_.data(), 100);
    victim_.Recv(0, {1, 1, 1}, buffer_.data(), 100000);
  }

  void ExpectBroken(const std::string& what) {
    const int64_t deadline_ns = MonotonicClock().NowNs() + 10 * kNsPerSecond;
    while (victim_.Count(CompletionKind::kPeerFailed) == 0 && MonotonicClock().NowNs() < deadline_ns)
      victim_.PollOnce();
    EXPECT_EQ(victim_.Count(CompletionKind::kPeerFailed), 1u);
    EXPECT_NE(victim_.transport->PeerError(0).find(what), std::string::npos) << victim_.transport->PeerError(0);
    EXPECT_TRUE(peer_->IsDropped());
  }

  FrameHeader Frame(FrameKind kind, const MessageId& id, uint64_t message_bytes, uint32_t payload_bytes = 0) {
    FrameHeader header;
    header.kind = kind;
    header.id = id;
    header.signature = 7;
    header.message_bytes = message_bytes;
    header.payload_bytes = payload_bytes;
    return header;
  }

  TcpOptions options_;
  std::vector<uint8_t> buffer_ = std::vector<uint8_t>(100000, 0xee);
  Endpoint victim_;
  std::unique_ptr<FakePeer> peer_;
};

TEST_F(TcpRuleBreaker, WhoSpeaksGarbageIsCutOff) {
  const std::vector<uint8_t> garbage = Pattern(4096, 99);
  peer_->Say(garbage.data(), garbage.size());
  ExpectBroken("no frame");
}

TEST_F(TcpRuleBreaker, WhoSpeaksProperlyIsHeard) {
  const std::vector<uint8_t> hello = Pattern(100, 1);
  peer_->SayEager({1, 0, 1}, hello);
  const int64_t deadline_ns = MonotonicClock().NowNs() + 10 * kNsPerSecond;
  while (victim_.Count(CompletionKind::kRecvDone) == 0 && MonotonicClock().NowNs() < deadline_ns) victim_.PollOnce();
  EXPECT_EQ(victim_.Count(CompletionKind::kRecvDone), 1u);
  EXPECT_TRUE(std::equal(hello.begin(), hello.end(), buffer_.begin()));
}

TEST_F(TcpRuleBreaker, SegmentsNobodyAskedFor) {
  peer_->SayFrame(Frame(FrameKind::kData, {1, 77, 1}, 100000, 64));
  ExpectBroken("nobody asked for");
}

TEST_F(TcpRuleBreaker, SegmentsOfASmallPostedReceive) {
  peer_->SayFrame(Frame(FrameKind::kData, {1, 0, 1}, 100, 100));
  ExpectBroken("nobody asked for");
}

TEST_F(TcpRuleBreaker, SegmentsOfAnotherLength) {
  peer_->SayFrame(Frame(FrameKind::kData, {1, 1, 1}, 200000, 64));
  ExpectBroken("differs from what was agreed");
}

TEST_F(TcpRuleBreaker, RaggedSegments) {
  peer_->SayFrame(Frame(FrameKind::kData, {1, 1, 1}, 100000, 63));
  ExpectBroken("ragged");
}

TEST_F(TcpRuleBreaker, MoreBytesThanTheMessageHas) {
  peer_->SayFrame(Frame(FrameKind::kData, {1, 1, 1}, 100000, 65536));
  const std::vector<uint8_t> payload = Pattern(65536, 1);
  peer_->Say(payload.data(), payload.size());
  peer_->SayFrame(Frame(FrameKind::kData, {1, 1, 1}, 100000, 65536));
  ExpectBroken("more bytes than the message has");
}

TEST_F(TcpRuleBreaker, TheSameMessageTwice) {
  peer_->SayEager({1, 50, 1}, Pattern(10, 1));
  peer_->SayEager({1, 50, 1}, Pattern(10, 1));
  ExpectBroken("the same message twice");
}

TEST_F(TcpRuleBreaker, ALargeMessageUnasked) {
  peer_->SayFrame(Frame(FrameKind::kEager, {1, 50, 1}, 60000, 60000));
  ExpectBroken("a large message unasked");
}

TEST_F(TcpRuleBreaker, MoreUnexpectedMessagesThanItHasCreditFor) {
  for (uint32_t i = 0; i < 200; ++i) {
    victim_.PollOnce();
    if (victim_.Count(CompletionKind::kPeerFailed) > 0) break;
    peer_->SayEager({1, 100 + i, 1}, Pattern(1000, i));
  }
  ExpectBroken("credit");
  EXPECT_LE(victim_.transport->unexpected_buffer_bytes(), 2 * options_.unexpected_bytes_per_peer);
}

TEST_F(TcpRuleBreaker, CreditFromNowhere) {
  FrameHeader header;
  header.credit_bytes = 1000;
  peer_->SayFrame(header);
  ExpectBroken("more credit than it was owed");
}

TEST_F(TcpRuleBreaker, AMessageTooLongToBeTrue) {
  peer_->SayFrame(Frame(FrameKind::kAnnounce, {1, 50, 1}, UINT64_MAX));
  ExpectBroken("longer than any may be");
}

TEST_F(TcpRuleBreaker, AResetInMidFrameIsReported) {
  peer_->SayFrame(Frame(FrameKind::kEager, {1, 0, 1}, 100, 100));
  peer_->Say("half", 4);
  victim_.PollOnce();
  peer_->Reset();
  ExpectBroken("while 2 receives were waiting");
}

TEST_F(TcpRuleBreaker, RandomFramesNeverCrashIt) {
  Prng prng(7);
  for (int round = 0; round < 300; ++round) {
    Endpoint victim;
    victim.transport = MustCreate(options_);
    FakePeer peer(*victim.transport);
    ASSERT_TRUE(peer.Join(0, 2, 1, options_.secret, [&] { victim.PollOnce(); }));
    ASSERT_TRUE(victim.transport->Connect(0, peer.Address()).ok());
    const std::vector<uint8_t> payload = Pattern(20000, 3);
    for (uint32_t i = 0; i < 4; ++i) {
      victim.Recv(0, {1, i, 1}, i % 2 == 0 ? buffer_.data() : nullptr, i < 2 ? 100 : 20000);
      victim.Send(0, {1, i, 1}, payload.data(), i < 2 ? 100 : 20000);
    }
    for (int i = 0; i < 30 && victim.Count(CompletionKind::kPeerFailed) == 0; ++i) {
      FrameHeader header;
      header.kind = static_cast<FrameKind>(1 + prng.Below(5));
      header.id = {1 + static_cast<uint32_t>(prng.Below(2)), static_cast<uint32_t>(prng.Below(5)), 1};
      header.signature = prng.Chance(0.9) ? 7 : 8;
      const uint64_t lengths[] = {0, 64, 100, 9984, 20000};
      header.message_bytes = lengths[prng.Below(5)];
      if (header.kind == FrameKind::kEager) header.payload_bytes = static_cast<uint32_t>(header.message_bytes);
      if (header.kind == FrameKind::kData)
        header.payload_bytes = static_cast<uint32_t>(prng.Below(header.message_bytes + 1));
      if (prng.Chance(0.02)) header.credit_bytes = static_cast<uint32_t>(prng.Below(200));
      uint8_t bytes[kFrameHeaderBytes];
      EncodeFrame(header, bytes);
      if (::send(peer.fd(), bytes, sizeof(bytes), MSG_NOSIGNAL) < 0) break;
      if (header.payload_bytes > 0 && ::send(peer.fd(), payload.data(), header.payload_bytes, MSG_NOSIGNAL) < 0) break;
      victim.PollOnce();
      if (prng.Chance(0.05)) victim.transport->CloseChannel(1 + static_cast<uint32_t>(prng.Below(2)));
    }
  }
}

}  // namespace
}  // namespace tutti::tcp
