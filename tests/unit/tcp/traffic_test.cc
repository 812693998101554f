// SPDX-License-Identifier: Apache-2.0
// Much traffic: between several ranks in random order, faster than the receiver wants it, and asleep between messages.
#include <poll.h>

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tcp_test_util.h"

namespace tutti::tcp {
namespace {

struct Message {
  int32_t from;
  int32_t to;
  MessageId id;
  uint64_t bytes;
  uint64_t seed;
  bool by_view;
  std::vector<uint8_t> out;
  std::vector<uint8_t> in;
  uint64_t viewed_bytes = 0;
  int send_done = 0;
  int recv_done = 0;
};

// Each message is posted once at each end, in an order of its own at each end.
void ExchangeRandomly(uint64_t seed, size_t num_messages, const std::function<void(TcpOptions&)>& adjust,
                      uint64_t largest = 2'000'000) {
  constexpr int32_t kRanks = 4;
  Prng prng(seed);
  Mesh mesh(kRanks, adjust);
  std::vector<Message> messages(num_messages);
  for (size_t i = 0; i < num_messages; ++i) {
    Message& message = messages[i];
    message.from = static_cast<int32_t>(prng.Below(kRanks));
    message.to = static_cast<int32_t>((static_cast<uint64_t>(message.from) + 1 + prng.Below(kRanks - 1)) % kRanks);
    message.id = {static_cast<uint32_t>(prng.Below(3)), static_cast<uint32_t>(i), prng.Below(5)};
    message.bytes = prng.Chance(0.05) ? prng.Below(largest) : prng.Chance(0.3) ? prng.Below(100000) : prng.Below(3000);
    if (prng.Chance(0.05)) message.bytes = 0;
    message.seed = prng.Next();
    message.by_view = prng.Chance(0.5);
    message.out = Pattern(message.bytes, message.seed);
    message.in.resize(message.bytes);
  }
  std::vector<std::pair<size_t, bool>> posts;  // message, send or receive
  for (size_t i = 0; i < num_messages; ++i) {
    posts.push_back({i, true});
    posts.push_back({i, false});
  }
  for (size_t i = posts.size(); i-- > 1;) std::swap(posts[i], posts[prng.Below(i + 1)]);
  for (int32_t rank = 0; rank < kRanks; ++rank) {
    mesh[static_cast<size_t>(rank)].on_completion = [&messages, rank](const Completion& done) {
      Message& message = messages.at(done.context);
      switch (done.kind) {
        case CompletionKind::kSendDone:
          EXPECT_EQ(message.from, rank);
          EXPECT_EQ(message.to, done.peer);
          ++message.send_done;
          std::fill(message.out.begin(), message.out.end(), 0xdd);  // ours again
          break;
        case CompletionKind::kRecvDone:
          EXPECT_EQ(message.to, rank);
          EXPECT_EQ(message.from, done.peer);
          ++message.recv_done;
          break;
        case CompletionKind::kRecvView:
          EXPECT_TRUE(message.by_view);
          EXPECT_EQ(done.view_offset, message.viewed_bytes);
          ASSERT_LE(done.view_offset + done.bytes, message.bytes);
          std::memcpy(&message.in[done.view_offset], done.view, done.bytes);
          message.viewed_bytes += done.bytes;
          if (message.viewed_bytes == message.bytes) ++message.recv_done;
          break;
        default:
          ADD_FAILURE() << "unexpected completion";
      }
    };
  }
  mesh.ConnectAll();
  size_t posted = 0;
  const auto all_done = [&] {
    return std::all_of(messages.begin(), messages.end(),
                       [](const Message& message) { return message.send_done == 1 && message.recv_done == 1; });
  };
  ASSERT_TRUE(mesh.Until([&] {
    for (uint64_t burst = prng.Below(30); burst > 0 && posted < posts.size(); --burst, ++posted) {
      const auto& [index, is_send] = posts[posted];
      Message& message = messages[index];
      if (is_send) {
        mesh[static_cast<size_t>(message.from)].Send(message.to, message.id, message.out.data(), message.bytes, 7,
                                                     index);
      } else {
        mesh[static_cast<size_t>(message.to)].Recv(
            message.from, message.id, message.by_view ? nullptr : message.in.data(), message.bytes, 7, index);
      }
    }
    return posted == posts.size() && all_done();
  }));
  for (const Message& message : messages) {
    ASSERT_EQ(message.in, Pattern(message.bytes, message.seed));
    ASSERT_EQ(message.send_done, 1);
    ASSERT_EQ(message.recv_done, 1);
  }
}

TEST(TcpTraffic, FourRanksExchangeMessagesInAnyOrder) {
  for (const uint64_t seed : {1, 2, 3}) ExchangeRandomly(seed, 800, nullptr);
}

// The largest messages still have hundreds of segments.
TEST(TcpTraffic, ThroughNarrowPipes) {
  const auto narrow = [](TcpOptions& options) {
    options.socket_send_bytes = 4096;
    options.socket_receive_bytes = 4096;
    options.receive_buffer_bytes = 16 << 10;
    options.segment_bytes = 1024;
    options.burst_bytes = 4096;
    options.unexpected_bytes_per_peer = 8192;
    options.eager_bytes = 4096;
  };
  ExchangeRandomly(4, 400, narrow, 300'000);
}

TEST(TcpTraffic, WithoutAnyBudgetEverythingIsReceiverDriven) {
  ExchangeRandomly(5, 800, [](TcpOptions& options) { options.unexpected_bytes_per_peer = 0; });
}

TEST(TcpTraffic, AFastSenderCannotFillASlowReceiver) {
  constexpr uint64_t kBudget = 256 << 10;
  Mesh mesh(2, [](TcpOptions& options) { options.unexpected_bytes_per_peer = kBudget; });
  mesh.ConnectAll();
  mesh.Warm();
  constexpr uint32_t kMessages = 5000;
  const std::vector<uint8_t> out = Pattern(5000, 1);
  for (uint32_t i = 0; i < kMessages; ++i) mesh[0].Send(1, {1, i, 1}, out.data(), out.size());
  mesh.PollFor(50 * kNsPerMs);
  const size_t gone = mesh[0].Count(CompletionKind::kSendDone);
  EXPECT_GT(gone, 0u);
  EXPECT_LE(gone * out.size(), kBudget);
  EXPECT_LE(mesh[1].transport->unexpected_buffer_bytes(), 2 * kBudget);
  std::vector<uint8_t> in(out.size());
  for (uint32_t i = 0; i < kMessages; ++i) {
    std::fill(in.begin(), in.end(), 0);
    mesh[1].completions.clear();
    mesh[1].Recv(0, {1, i, 1}, in.data(), in.size());
    ASSERT_TRUE(mesh.Until([&] { return mesh[1].Count(CompletionKind::kRecvDone) == 1; }));
    ASSERT_EQ(in, out);
  }
  EXPECT_LE(mesh[1].transport->unexpected_buffer_bytes(), 2 * kBudget);
  EXPECT_EQ(mesh[0].Count(CompletionKind::kSendDone), kMessages);
}

// Two threads, each with its own endpoint, that sleep whenever they may, for as long as it takes.
TEST(TcpTraffic, SleepersAreWokenByEveryMessage) {
  Mesh mesh(2);
  mesh.ConnectAll();
  mesh.Warm();
  constexpr uint64_t kRounds = 300;
  bool woken_in_time[2] = {true, true};
  const auto play = [&](size_t rank) {
    Endpoint& end = mesh[rank];
    const std::vector<uint8_t> out = Pattern(700000, rank);
    std::vector<uint8_t> in(700000);
    for (uint64_t round = 0; round < kRounds; ++round) {
      const uint64_t bytes = round % 3 == 0 ? 700000 : round % 3 == 1 ? 10 : 0;
      const MessageId id{1, 0, round};
      end.completions.clear();
      const auto peer = static_cast<int32_t>(1 - rank);
      end.Recv(peer, id, in.data(), bytes);
      if (rank == 0) end.Send(peer, id, out.data(), bytes);
      bool answered = rank == 0;
      while (end.Count(CompletionKind::kRecvDone) == 0 || end.Count(CompletionKind::kSendDone) == 0) {
        if (end.PollOnce()) {
          if (!answered && end.Count(CompletionKind::kRecvDone) == 1) {
            end.Send(peer, id, out.data(), bytes);
            answered = true;
          }
          continue;
        }
        if (!end.transport->PrepareToSleep()) continue;
        pollfd wait = {end.transport->wait_fd(), POLLIN, 0};
        if (::poll(&wait, 1, 10000) <= 0) {
          woken_in_time[rank] = false;
          return;
        }
      }
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_TRUE(woken_in_time[0]);
  EXPECT_TRUE(woken_in_time[1]);
}

TEST(TcpTraffic, ASleeperIsWokenToConnectAndToGiveUp) {
  std::string gone;
  {
    Mesh mesh(2);
    gone = mesh[1].transport->Address();
  }
  TcpOptions options = LoopbackOptions(0, 2);
  options.connect_timeout_ns = 200 * kNsPerMs;
  Endpoint end;
  end.transport = MustCreate(options);
  ASSERT_TRUE(end.transport->Connect(1, gone).ok());
  const int64_t begin_ns = MonotonicClock().NowNs();
  int wakes = 0;
  while (end.completions.empty() && MonotonicClock().NowNs() - begin_ns < 10 * kNsPerSecond) {
    if (end.PollOnce() || !end.transport->PrepareToSleep()) continue;
    pollfd wait = {end.transport->wait_fd(), POLLIN, 0};
    ASSERT_EQ(::poll(&wait, 1, 5000), 1) << "nothing would ever wake it";
    ++wakes;
  }
  EXPECT_EQ(end.Count(CompletionKind::kPeerFailed), 1u);
  EXPECT_LT(wakes, 200) << "it did not sleep";
}

}  // namespace
}  // namespace tutti::tcp
