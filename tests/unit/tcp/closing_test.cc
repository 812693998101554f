// SPDX-License-Identifier: Apache-2.0
// Channels and peers that are closed in the middle of things.
#include <vector>

#include "fake_peer.h"
#include "tcp_test_util.h"

namespace tutti::tcp {
namespace {

constexpr uint64_t kLarge = 12 << 20;  // more than the sockets hold

class TcpClosing : public ::testing::Test {
 protected:
  TcpClosing() {
    mesh_.ConnectAll();
    mesh_.Warm();
  }

  // A message on another channel passes, whole.
  void ExpectChannelWorks(uint32_t channel) {
    const std::vector<uint8_t> out = Pattern(3000000, channel);
    std::vector<uint8_t> in(out.size());
    mesh_[1].completions.clear();
    mesh_[0].Send(1, {channel, 0, 1}, out.data(), out.size());
    mesh_[1].Recv(0, {channel, 0, 1}, in.data(), in.size());
    ASSERT_TRUE(mesh_.Until([&] { return mesh_[1].Count(CompletionKind::kRecvDone) == 1; }));
    EXPECT_EQ(in, out);
  }

  Mesh mesh_{2};
};

TEST_F(TcpClosing, AtTheSenderInMidMessageTheStreamStaysWhole) {
  std::vector<uint8_t> out = Pattern(kLarge, 1);
  std::vector<uint8_t> in(kLarge);
  mesh_[1].Recv(0, {5, 0, 1}, in.data(), in.size());
  mesh_[0].Send(1, {5, 0, 1}, out.data(), out.size());
  const auto& sent = mesh_[0].transport->counters().payload_bytes_sent;
  // Only the sender moves from here on, until its socket is full.
  ASSERT_TRUE(mesh_.Until([&] { return sent > 100000; }));
  for (int i = 0; i < 100; ++i) mesh_[0].PollOnce();
  ASSERT_LT(sent, kLarge);
  mesh_[0].transport->CloseChannel(5);
  // The buffer is the caller's again: what is still to leave must have been copied.
  std::fill(out.begin(), out.end(), 0xdd);
  ExpectChannelWorks(6);
  // What did arrive is what was sent, never what the buffer became.
  const std::vector<uint8_t> original = Pattern(kLarge, 1);
  const size_t got = static_cast<size_t>(std::mismatch(in.begin(), in.end(), original.begin()).first - in.begin());
  EXPECT_GT(got, 100000u);
  EXPECT_TRUE(std::all_of(in.begin() + static_cast<ptrdiff_t>(got), in.end(), [](uint8_t byte) { return byte == 0; }));
  EXPECT_EQ(mesh_[0].Count(CompletionKind::kSendDone), 1u);  // channel 6's
}

TEST_F(TcpClosing, AtTheReceiverInMidMessageTheBufferIsLeftAlone) {
  const std::vector<uint8_t> out = Pattern(kLarge, 1);
  std::vector<uint8_t> in(kLarge);
  mesh_[1].Recv(0, {5, 0, 1}, in.data(), in.size());
  mesh_[0].Send(1, {5, 0, 1}, out.data(), out.size());
  ASSERT_TRUE(mesh_.Until([&] { return mesh_[1].transport->counters().payload_bytes_received > 1000000; }));
  mesh_[1].transport->CloseChannel(5);
  std::fill(in.begin(), in.end(), 0xcc);
  // The sender does not know; its message is swallowed.
  ASSERT_TRUE(mesh_.Until([&] { return mesh_[0].Count(CompletionKind::kSendDone) == 1; }));
  ExpectChannelWorks(6);
  EXPECT_TRUE(std::all_of(in.begin(), in.end(), [](uint8_t byte) { return byte == 0xcc; }));
}

TEST_F(TcpClosing, AtTheReceiverBetweenViewPartsNoMorePartsCome) {
  const std::vector<uint8_t> out = Pattern(kLarge, 1);
  mesh_[1].Recv(0, {5, 0, 1}, nullptr, kLarge);
  mesh_[0].Send(1, {5, 0, 1}, out.data(), out.size());
  ASSERT_TRUE(mesh_.Until([&] { return mesh_[1].Count(CompletionKind::kRecvView) > 2; }));
  mesh_[1].transport->CloseChannel(5);
  mesh_[1].completions.clear();
  ASSERT_TRUE(mesh_.Until([&] { return mesh_[0].Count(CompletionKind::kSendDone) == 1; }));
  EXPECT_EQ(mesh_[1].Count(CompletionKind::kRecvView), 0u);
  ExpectChannelWorks(6);
}

TEST_F(TcpClosing, DropsEveryKindOfRequestAndWhatComesLate) {
  const std::vector<uint8_t> out = Pattern(100000, 1);
  std::vector<uint8_t> in(100000, 0xee);
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{100}, uint64_t{100000}}) {
    const auto index = static_cast<uint32_t>(bytes);
    mesh_[1].Recv(0, {5, index, 1}, in.data(), bytes);   // never sent before the close
    mesh_[0].Send(1, {5, index, 2}, out.data(), bytes);  // arrives before its receive
  }
  mesh_.PollFor(5 * kNsPerMs);
  mesh_[0].completions.clear();
  mesh_[1].completions.clear();
  mesh_[1].transport->CloseChannel(5);
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{100}, uint64_t{100000}}) {
    const auto index = static_cast<uint32_t>(bytes);
    mesh_[1].Recv(0, {5, index, 2}, in.data(), bytes);   // after the close: dropped
    mesh_[0].Send(1, {5, index, 1}, out.data(), bytes);  // arrives after the close
  }
  mesh_.PollFor(5 * kNsPerMs);
  EXPECT_TRUE(mesh_[1].completions.empty());
  EXPECT_EQ(in, std::vector<uint8_t>(100000, 0xee));
  mesh_[0].transport->CloseChannel(5);
  ExpectChannelWorks(6);
}

TEST_F(TcpClosing, GivesTheCreditsBack) {
  // Far more small messages than the budget covers go to a channel that is closed at one end or the other.
  const std::vector<uint8_t> out = Pattern(10000, 1);
  for (uint32_t round = 0; round < 400; ++round) {
    mesh_[0].Send(1, {100 + round, 0, 1}, out.data(), out.size());
    if (round % 3 == 0) mesh_.PollFor(kNsPerMs / 10);
    mesh_[round % 2].transport->CloseChannel(100 + round);
    mesh_[1 - round % 2].transport->CloseChannel(100 + round);
  }
  mesh_.PollFor(10 * kNsPerMs);
  mesh_[0].completions.clear();
  std::vector<uint8_t> in(out.size());
  // Up to half of the budget may still wait for a frame to ride on; the other half leaves without a receive.
  for (uint32_t i = 0; i < 50; ++i) mesh_[0].Send(1, {7, i, 1}, out.data(), out.size());
  ASSERT_TRUE(mesh_.Until([&] { return mesh_[0].Count(CompletionKind::kSendDone) == 50; }));
}

TEST_F(TcpClosing, BeforeTheConnectionStandsDropsWhatIsHeld) {
  Mesh fresh(2);
  uint8_t byte = 1;
  ASSERT_TRUE(fresh[0].transport->Connect(1, fresh[1].transport->Address()).ok());
  fresh[0].Send(1, {5, 0, 1}, &byte, 1);
  fresh[0].Send(1, {6, 0, 1}, &byte, 1);
  fresh[0].transport->CloseChannel(5);
  ASSERT_TRUE(fresh[1].transport->Connect(0, fresh[0].transport->Address()).ok());
  uint8_t in[2] = {};
  fresh[1].Recv(0, {5, 0, 1}, &in[0], 1);
  fresh[1].Recv(0, {6, 0, 1}, &in[1], 1);
  ASSERT_TRUE(fresh.Until([&] { return fresh[1].Count(CompletionKind::kRecvDone) == 1; }));
  fresh.PollFor(5 * kNsPerMs);
  EXPECT_EQ(in[0], 0);
  EXPECT_EQ(in[1], 1);
  EXPECT_EQ(fresh[0].Count(CompletionKind::kSendDone), 1u);
}

TEST_F(TcpClosing, APeerThatIsClosedIsSilent) {
  std::vector<uint8_t> in(100000);
  mesh_[0].Recv(1, {5, 0, 1}, in.data(), in.size());
  mesh_[1].Recv(0, {5, 0, 1}, in.data(), in.size());
  mesh_[0].transport->ClosePeer(1);
  mesh_[0].Send(1, {5, 0, 2}, in.data(), in.size());
  ASSERT_TRUE(mesh_.Until([&] { return mesh_[1].Count(CompletionKind::kPeerFailed) == 1; }));
  mesh_.PollFor(5 * kNsPerMs);
  EXPECT_TRUE(mesh_[0].completions.empty());
  EXPECT_FALSE(mesh_[0].transport->HasUnsentBytes());
}

}  // namespace
}  // namespace tutti::tcp
