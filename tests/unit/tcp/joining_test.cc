// SPDX-License-Identifier: Apache-2.0
// Who gets in, and who does not.
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "fake_peer.h"
#include "tcp_test_util.h"

namespace tutti::tcp {
namespace {

TEST(TcpJoining, OptionsThatCannotWorkAreRefusedWithASentence) {
  const auto refused = [](const std::function<void(TcpOptions&)>& adjust) {
    TcpOptions options = LoopbackOptions(0, 2);
    adjust(options);
    const auto transport = TcpTransport::Create(options);
    return !transport.ok() && transport.status().message().size() > 20;
  };
  EXPECT_TRUE(refused([](TcpOptions& o) { o.secret.clear(); }));
  EXPECT_TRUE(refused([](TcpOptions& o) { o.rank = 2; }));
  EXPECT_TRUE(refused([](TcpOptions& o) { o.rank = -1; }));
  EXPECT_TRUE(refused([](TcpOptions& o) { o.bind_address = "0.0.0.0"; }));
  EXPECT_TRUE(refused([](TcpOptions& o) { o.bind_address = "localhost"; }));
  EXPECT_TRUE(refused([](TcpOptions& o) { o.bind_address = "192.0.2.1"; }));  // documentation range: not ours
  EXPECT_TRUE(refused([](TcpOptions& o) { o.segment_bytes = 100; }));
  EXPECT_TRUE(refused([](TcpOptions& o) { o.receive_buffer_bytes = 100; }));
  EXPECT_TRUE(refused([](TcpOptions& o) { o.eager_bytes = 2 << 20; }));
  EXPECT_TRUE(refused([](TcpOptions& o) { o.max_half_open = 0; }));
  EXPECT_FALSE(refused([](TcpOptions&) {}));
}

TEST(TcpJoining, BadPeersAndAddressesAreErrors) {
  Mesh mesh(2);
  const std::string address = mesh[1].transport->Address();
  EXPECT_FALSE(mesh[0].transport->Connect(0, address).ok());
  EXPECT_FALSE(mesh[0].transport->Connect(2, address).ok());
  EXPECT_FALSE(mesh[0].transport->Connect(-1, address).ok());
  EXPECT_FALSE(mesh[0].transport->Connect(1, "nonsense").ok());
  EXPECT_TRUE(mesh[0].transport->Connect(1, address).ok());
}

TEST(TcpJoining, WorksOverIpv6) {
  TcpOptions options = LoopbackOptions(0, 2);
  options.bind_address = "::1";
  if (!TcpTransport::Create(options).ok()) GTEST_SKIP() << "this machine has no IPv6 loopback";
  Mesh mesh(2, [](TcpOptions& o) { o.bind_address = "::1"; });
  mesh.ConnectAll();
  mesh.Warm();
}

TEST(TcpJoining, AWrongSecretNeverConnects) {
  Mesh mesh(2, [](TcpOptions& options) {
    if (options.rank == 1) options.secret = "another secret";
    options.connect_timeout_ns = 100 * kNsPerMs;
  });
  mesh.ConnectAll();
  uint8_t byte = 0;
  mesh[1].Recv(0, {1, 0, 1}, &byte, 1);
  ASSERT_TRUE(mesh.Until([&] { return mesh[0].Count(CompletionKind::kPeerFailed) == 1; }));
  EXPECT_NE(mesh[0].transport->PeerError(1).find("secret"), std::string::npos) << mesh[0].transport->PeerError(1);
  EXPECT_EQ(mesh[1].completions.size(), 0u);
}

TEST(TcpJoining, AStrangerIsDroppedAndChangesNothing) {
  Mesh mesh(2, [](TcpOptions& options) { options.half_open_timeout_ns = 50 * kNsPerMs; });
  FakePeer chatty(*mesh[1].transport);
  FakePeer silent(*mesh[1].transport);
  FakePeer liar(*mesh[1].transport);
  chatty.Say("GET / HTTP/1.1\r\n\r\n", 18);
  // A member's first words, and then no proof.
  EXPECT_FALSE(liar.Join(0, 2, 1, "guessed secret", [&] { mesh.PollAll(); }));
  ASSERT_TRUE(mesh.Until([&] { return chatty.IsDropped() && silent.IsDropped(); }));
  mesh.ConnectAll();
  mesh.Warm();
}

TEST(TcpJoining, FramesWithoutAHandshakeAreNeverRead) {
  Mesh mesh(2);
  mesh.ConnectAll();
  FakePeer stranger(*mesh[1].transport);
  std::vector<uint8_t> in(8, 0xee);
  mesh[1].Recv(0, {1, 0, 1}, in.data(), in.size());
  stranger.SayEager({1, 0, 1}, Pattern(8, 1));
  ASSERT_TRUE(mesh.Until([&] { return stranger.IsDropped(); }));
  EXPECT_EQ(in, std::vector<uint8_t>(8, 0xee));
  EXPECT_EQ(mesh[1].Count(CompletionKind::kRecvDone), 0u);
}

class ManualClock final : public Clock {
 public:
  int64_t NowNs() override { return now_ns; }
  int64_t now_ns = kNsPerSecond;
};

TEST(TcpJoining, HalfOpenConnectionsAreBoundedAndMembersStillGetIn) {
  ManualClock clock;
  Mesh mesh(2, [&clock](TcpOptions& options) {
    options.clock = &clock;
    options.max_half_open = 3;
    options.half_open_timeout_ns = 100 * kNsPerMs;
  });
  std::vector<std::unique_ptr<FakePeer>> crowd;
  for (int i = 0; i < 12; ++i) crowd.push_back(std::make_unique<FakePeer>(*mesh[1].transport));
  const auto num_dropped = [&] {
    return std::count_if(crowd.begin(), crowd.end(), [](const auto& stranger) { return stranger->IsDropped(); });
  };
  mesh.ConnectAll();  // waits in the kernel's queue behind four rounds of strangers
  const uint8_t out = 42;
  uint8_t in = 0;
  mesh[0].Send(1, {1, 0, 1}, &out, 1);
  mesh[1].Recv(0, {1, 0, 1}, &in, 1);
  for (int round = 0; round < 4; ++round) {
    mesh.PollFor(20 * kNsPerMs);
    EXPECT_EQ(num_dropped(), 3 * round);
    EXPECT_TRUE(mesh[1].completions.empty());
    clock.now_ns += 101 * kNsPerMs;
    ASSERT_TRUE(mesh.Until([&] { return num_dropped() == 3 * (round + 1); }));
  }
  ASSERT_TRUE(mesh.Until([&] { return mesh[1].Count(CompletionKind::kRecvDone) == 1; }));
  EXPECT_EQ(in, 42);
}

TEST(TcpJoining, AMemberMustBeWhoItShouldBe) {
  Mesh mesh(3);
  const std::string secret = LoopbackOptions(0, 3).secret;
  const auto drive = [&] { mesh.PollAll(); };
  TcpTransport& one = *mesh[1].transport;
  EXPECT_TRUE(FakePeer(one).Join(0, 3, 1, secret, drive));
  EXPECT_FALSE(FakePeer(one).Join(0, 4, 1, secret, drive)) << "another size";
  EXPECT_FALSE(FakePeer(one).Join(2, 3, 1, secret, drive)) << "the higher rank does not connect";
  EXPECT_FALSE(FakePeer(one).Join(1, 3, 1, secret, drive)) << "itself";
  EXPECT_FALSE(FakePeer(one).Join(-1, 3, 1, secret, drive));
  EXPECT_FALSE(FakePeer(one).Join(0, 3, 2, secret, drive)) << "looks for rank 2";
  connect::EndpointId former = {};
  EXPECT_FALSE(FakePeer(one).Join(0, 3, 1, secret, drive, &former))
      << "looks for an endpoint that had this port before";
}

TEST(TcpJoining, AStalePortIsNoPeer) {
  Mesh mesh(2, [](TcpOptions& options) { options.connect_timeout_ns = 100 * kNsPerMs; });
  auto address = *connect::EndpointAddress::Decode(mesh[1].transport->Address());
  address.endpoint[3] ^= 1;
  ASSERT_TRUE(mesh[0].transport->Connect(1, address.Encode()).ok());
  ASSERT_TRUE(mesh.Until([&] { return mesh[0].Count(CompletionKind::kPeerFailed) == 1; }));
}

TEST(TcpJoining, WhereNobodyListensThePeerFailsOnBothSidesOfThePair) {
  for (const int32_t rank : {0, 1}) {
    std::string address;
    {
      Mesh gone(2);
      address = gone[static_cast<size_t>(1 - rank)].transport->Address();
    }
    TcpOptions options = LoopbackOptions(rank, 2);
    options.connect_timeout_ns = 150 * kNsPerMs;
    Endpoint end;
    end.transport = MustCreate(options);
    ASSERT_TRUE(end.transport->Connect(1 - rank, address).ok());
    uint8_t byte = 0;
    end.Send(1 - rank, {1, 0, 1}, &byte, 1);
    const int64_t deadline_ns = MonotonicClock().NowNs() + 20 * kNsPerSecond;
    while (end.completions.empty() && MonotonicClock().NowNs() < deadline_ns) end.PollOnce();
    ASSERT_EQ(end.completions.size(), 1u) << "rank " << rank;
    EXPECT_EQ(end.completions[0].kind, CompletionKind::kPeerFailed);
    EXPECT_EQ(end.completions[0].peer, 1 - rank);
    EXPECT_EQ(end.completions[0].context, 0u);
    EXPECT_NE(end.transport->PeerError(1 - rank).find("refused"), std::string::npos)
        << end.transport->PeerError(1 - rank);
  }
}

TEST(TcpJoining, APeerThatComesLateIsWaitedFor) {
  Mesh mesh(2, [](TcpOptions& options) { options.connect_timeout_ns = 50 * kNsPerMs; });
  // Rank 1 asks for rank 0, which lives but takes its time, far beyond the timeout.
  ASSERT_TRUE(mesh[1].transport->Connect(0, mesh[0].transport->Address()).ok());
  const int64_t until_ns = MonotonicClock().NowNs() + 400 * kNsPerMs;
  while (MonotonicClock().NowNs() < until_ns) mesh[1].PollOnce();
  EXPECT_TRUE(mesh[1].completions.empty());
  ASSERT_TRUE(mesh[0].transport->Connect(1, mesh[1].transport->Address()).ok());
  mesh.Warm();
}

}  // namespace
}  // namespace tutti::tcp
