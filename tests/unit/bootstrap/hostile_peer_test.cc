// SPDX-License-Identifier: Apache-2.0
// A service and a rank against whoever does not keep to the protocol.
#include <poll.h>

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/base/prng.h"
#include "lib/bootstrap/dial.h"
#include "lib/bootstrap/service.h"
#include "lib/bootstrap/socket.h"
#include "test_job.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

int64_t Soon() { return DeadlineAfterNs(MonotonicClock().NowNs(), 10 * kNsPerSecond); }

PeerCard Card(int rank) { return {rank, "host", "id", 1, ""}; }

// Reads until the other end closes; false if it does not within ten seconds.
bool IsDropped(int fd) {
  char buffer[1024];
  while (true) {
    const IoResult result = ReceiveSome(fd, buffer, sizeof buffer);
    if (result.closed) return true;
    if (result.would_block && !WaitReady(fd, POLLIN, Soon())) return false;
  }
}

class HostileRank : public ::testing::Test {
 protected:
  void SetUp() override {
    SetLogSink([](void*, LogLevel, absl::string_view) {}, nullptr);  // the refusals are many
    auto listener = ListenAt({IpAddress::Loopback(), 0});
    ASSERT_TRUE(listener.ok());
    address = *LocalAddress(listener->get());
    ServiceOptions options;
    options.handshake_timeout_ns = 100 * kNsPerMs;
    auto started = Service::Start(*std::move(listener), key, 3, std::move(options));
    ASSERT_TRUE(started.ok()) << started.status();
    service = *std::move(started);
  }
  void TearDown() override { SetLogSink(nullptr, nullptr); }

  UniqueFd Knock() {
    auto fd = ConnectTo(address, Soon());
    return fd.ok() ? *std::move(fd) : UniqueFd();
  }
  // An honest rank can still get in.
  bool StillServes(int rank) { return Dial(address, key, Card(rank), 3, Soon(), Soon()).ok(); }

  const Mac key = DeriveJobKey("secret", "", "");
  SocketAddress address;
  std::unique_ptr<Service> service;
};

TEST_F(HostileRank, AStrangerWhoSaysNothingIsDroppedSoon) {
  const UniqueFd fd = Knock();
  const int64_t start_ns = MonotonicClock().NowNs();
  EXPECT_TRUE(IsDropped(fd.get()));
  EXPECT_LT(MonotonicClock().NowNs() - start_ns, 5 * kNsPerSecond);
  EXPECT_TRUE(StillServes(0));
}

TEST_F(HostileRank, GarbageAndHalfAHelloAreDropped) {
  const UniqueFd garbage = Knock();
  ASSERT_TRUE(SendAll(garbage.get(), std::string(5000, 'x'), Soon()).ok());
  const UniqueFd half = Knock();
  ASSERT_TRUE(SendAll(half.get(), MakeHello({}).substr(0, 20), Soon()).ok());
  EXPECT_TRUE(IsDropped(garbage.get()));
  EXPECT_TRUE(IsDropped(half.get()));
  EXPECT_TRUE(StillServes(0));
}

TEST_F(HostileRank, WithoutTheSecretNobodyGetsBeyondTheHandshake) {
  const UniqueFd fd = Knock();
  const std::string hello = MakeHello({});
  ASSERT_TRUE(SendAll(fd.get(), hello, Soon()).ok());
  std::string answer(kAnswerBytes, '\0');
  ASSERT_TRUE(ReceiveExactly(fd.get(), answer.data(), answer.size(), Soon()).ok());
  Message introduce;
  introduce.type = MessageType::kIntroduce;
  introduce.size = 3;
  introduce.card = Card(1);
  const std::string proof = MakeProof(DeriveJobKey("guess", "", ""), hello, answer);
  ASSERT_TRUE(SendAll(fd.get(), proof + EncodeMessage(introduce), Soon()).ok());
  EXPECT_TRUE(IsDropped(fd.get()));
  EXPECT_TRUE(StillServes(1));  // the place was not taken
}

TEST_F(HostileRank, AnotherVersionIsToldWhichVersionThisIs) {
  const UniqueFd fd = Knock();
  std::string hello = MakeHello({});
  hello[8] = 77;
  ASSERT_TRUE(SendAll(fd.get(), hello, Soon()).ok());
  std::string answer(kAnswerBytes, '\0');
  ASSERT_TRUE(ReceiveExactly(fd.get(), answer.data(), answer.size(), Soon()).ok());
  EXPECT_EQ(answer.substr(0, 8), "TUTTICTL");
  EXPECT_EQ(answer[8], static_cast<char>(kControlProtocolVersion));
  EXPECT_TRUE(IsDropped(fd.get()));
}

TEST_F(HostileRank, ManyStrangersDoNotKeepARankOut) {
  std::vector<UniqueFd> strangers;
  for (int i = 0; i < 400; ++i) strangers.push_back(Knock());
  EXPECT_TRUE(StillServes(0));
}

TEST_F(HostileRank, AMemberWhoBreaksTheProtocolIsDroppedAndCountsAsDead) {
  const std::string oversized("\xff\xff\xff\x7f", 4);
  Message own;
  own.type = MessageType::kAllJoined;  // only the service may say that
  Prng prng(7);
  std::string noise;
  for (int i = 0; i < 4000; ++i) noise.push_back(static_cast<char>(prng.Next()));
  const std::string bad[] = {oversized, MakeFrame("\x7fgarbage"), EncodeMessage(own), noise};
  int rank = 0;
  for (const std::string& bytes : bad) {
    auto listener = ListenAt({IpAddress::Loopback(), 0});
    ASSERT_TRUE(listener.ok());
    const SocketAddress place = *LocalAddress(listener->get());
    auto fresh = Service::Start(*std::move(listener), key, 3, ServiceOptions{});
    ASSERT_TRUE(fresh.ok());
    auto witness = Dial(place, key, Card(2), 3, Soon(), Soon());
    auto member = Dial(place, key, Card(rank % 2), 3, Soon(), Soon());
    ASSERT_TRUE(witness.ok() && member.ok());
    ASSERT_TRUE(SendAll(member->fd.get(), bytes, Soon()).ok());
    EXPECT_TRUE(IsDropped(member->fd.get()));
    absl::string_view body;
    char buffer[1024];
    while (witness->frames.Take(&body) == FrameReader::Next::kNeedMore) {
      ASSERT_TRUE(WaitReady(witness->fd.get(), POLLIN, Soon()));
      witness->frames.Append(absl::string_view(buffer, ReceiveSome(witness->fd.get(), buffer, sizeof buffer).bytes));
    }
    Message news;
    ASSERT_TRUE(DecodeMessage(body, &news));
    EXPECT_EQ(news.type, MessageType::kFailure);
    EXPECT_EQ(news.report.kind, FailureKind::kPeerDied);
    EXPECT_EQ(news.report.culprit, rank % 2);
    ++rank;
  }
}

// A service that authenticates correctly, and then says what the test wants.
class HostileService : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = ListenAt({IpAddress::Loopback(), 0});
    ASSERT_TRUE(opened.ok());
    listener = *std::move(opened);
    address = *LocalAddress(listener.get());
  }

  // Serves one connection: answers the hello, then sends `bytes`, and keeps the connection until the test ends.
  void ServeOnce(const std::string& bytes, bool answer_the_hello = true) {
    ASSERT_TRUE(WaitReady(listener.get(), POLLIN, Soon()));
    connection = UniqueFd(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    std::string hello(kHelloBytes, '\0');
    ASSERT_TRUE(ReceiveExactly(connection.get(), hello.data(), hello.size(), Soon()).ok());
    const std::string answer = answer_the_hello ? MakeAnswer(key, hello, {}, {}) : "";
    ASSERT_TRUE(SendAll(connection.get(), answer + bytes, Soon()).ok());
  }

  static std::string Welcome() { return EncodeMessage(Message{}); }

  const Mac key = DeriveJobKey("", "", "");
  UniqueFd listener;
  UniqueFd connection;
  SocketAddress address;
};

TEST_F(HostileService, GarbageInsteadOfAnAnswerIsNoTuttiService) {
  std::thread server([&] { ServeOnce(std::string(kAnswerBytes, 'x'), false); });
  const auto dialed = Dial(address, key, Card(1), 2, Soon(), Soon());
  server.join();
  EXPECT_TRUE(absl::IsInvalidArgument(dialed.status())) << dialed.status();
}

TEST_F(HostileService, WhateverFollowsTheAnswerIsChecked) {
  for (const std::string& bytes : {std::string("\xff\xff\xff\xff", 4), MakeFrame("\x63"), std::string("\0\0\0\0", 4)}) {
    std::thread server([&] { ServeOnce(bytes); });
    const auto dialed = Dial(address, key, Card(1), 2, Soon(), Soon());
    server.join();
    EXPECT_TRUE(absl::IsFailedPrecondition(dialed.status())) << dialed.status();
  }
}

TEST_F(HostileService, SilenceEndsAtTheDeadline) {
  const auto dialed = Dial(address, key, Card(1), 2, DeadlineAfterNs(MonotonicClock().NowNs(), 50 * kNsPerMs), Soon());
  EXPECT_TRUE(absl::IsDeadlineExceeded(dialed.status())) << dialed.status();
}

TEST_F(HostileService, NonsenseAfterTheWelcomeIsReportedAsRankZerosEnd) {
  Prng prng(11);
  for (int round = 0; round < 20; ++round) {
    std::string noise;
    if (round == 0) noise = std::string("\xff\xff\xff\xff", 4);
    if (round == 1) noise = MakeFrame("\x01");
    while (noise.empty() || (round > 1 && noise.size() < 64)) noise.push_back(static_cast<char>(prng.Next() | 0x80));
    JobSettings settings;
    settings.rank = 1;
    settings.size = 2;
    settings.rendezvous_kind = RendezvousKind::kTcp;
    settings.rendezvous = "tcp://" + address.ToString();
    RecordingListener heard;
    std::thread server([&] { ServeOnce(Welcome() + noise); });
    auto plane = TcpControlPlane::Connect(settings, &heard);
    server.join();
    ASSERT_TRUE(plane.ok()) << plane.status();
    const auto reports = heard.WaitFor(1);
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].kind, FailureKind::kPeerDied);
    EXPECT_EQ(reports[0].culprit, 0);
    EXPECT_FALSE((*plane)->Join((*plane)->self()).ok());
    EXPECT_FALSE((*plane)->FetchAdd("x", 1).ok());
  }
}

}  // namespace
}  // namespace tutti
