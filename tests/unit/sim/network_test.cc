// SPDX-License-Identifier: Apache-2.0
#include "transports/sim/network.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "exchange.h"

namespace tutti::sim {
namespace {

struct History {
  uint64_t hash = 0;
  int64_t end_ns = 0;
  uint64_t events = 0;
  size_t completions = 0;
};

// Random traffic among all pairs over a random network with a random fault plan.
History RandomHistory(uint64_t seed) {
  constexpr int32_t kSize = 4;
  NetworkOptions options = RandomNetworkOptions(kSize, seed);
  options.faults = RandomFaultPlan(kSize, seed, FaultPlanLimits());
  Exchange exchange(options);
  Prng prng(seed, 12345);
  struct Message {
    int32_t from;
    int32_t to;
    std::vector<std::byte> sent;
    std::vector<std::byte> received;
  };
  std::vector<Message> messages;
  for (uint32_t index = 0; index < 300; ++index) {
    const auto from = static_cast<int32_t>(prng.Below(kSize));
    const auto to = static_cast<int32_t>((static_cast<uint64_t>(from) + 1 + prng.Below(kSize - 1)) % kSize);
    const uint64_t bytes = prng.Below(3 * options.eager_bytes);
    messages.push_back({from, to, RandomBytes(bytes, seed + index), std::vector<std::byte>(bytes)});
  }
  for (uint32_t index = 0; index < 300; ++index) {
    Message& message = messages[index];
    exchange.Send(message.from, message.to, index, message.sent);
    if (index % 3 != 0) exchange.network.AdvanceToNextEvent();
    if (index % 2 == 0) {
      exchange.Recv(message.to, message.from, index, message.received);
    } else {
      exchange.RecvView(message.to, message.from, index, message.received.size());
    }
    exchange.PollAll();
  }
  exchange.Run();
  return {exchange.network.trace_hash(), exchange.network.clock().NowNs(), exchange.network.num_events(),
          exchange.seen.size()};
}

TEST(SimNetwork, TheSameSeedGivesTheSameHistoryBitForBit) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const History first = RandomHistory(seed);
    const History again = RandomHistory(seed);
    EXPECT_EQ(first.hash, again.hash) << "seed " << seed;
    EXPECT_EQ(first.end_ns, again.end_ns) << "seed " << seed;
    EXPECT_EQ(first.events, again.events) << "seed " << seed;
    EXPECT_EQ(first.completions, again.completions) << "seed " << seed;
    EXPECT_GT(first.events, 100u);
    EXPECT_NE(first.hash, RandomHistory(seed + 1000).hash) << "seed " << seed;
  }
}

// Tables that are ordered by address, or by a hash that differs from process to process, must not be felt. The number
// changes when the simulation does; it must not depend on the run, the compiler or the machine.
TEST(SimNetwork, HistoriesAreTheSameInEveryProcess) {
  uint64_t all = 0;
  for (uint64_t seed = 100; seed < 110; ++seed) all = all * 31 + RandomHistory(seed).hash;
  EXPECT_EQ(all, 10171376716734885303u);
}

TEST(SimNetwork, TimePassesByLatencyAndBandwidth) {
  NetworkOptions options;
  options.link.latency_ns = 1'000;
  options.link.bytes_per_second = 1'000'000'000;  // 1 ns a byte
  options.link.per_packet_ns = 10;
  options.eager_bytes = 4096;
  Exchange exchange(options);
  exchange.Run();
  const int64_t begin_ns = exchange.network.clock().NowNs();

  const auto data = RandomBytes(2000, 1);
  std::vector<std::byte> got(2000);
  exchange.Recv(1, 0, 0, got);
  exchange.Send(0, 1, 0, data);
  exchange.Run();
  ASSERT_EQ(exchange.seen.size(), 2u);
  EXPECT_EQ(exchange.seen[0].completion.kind, CompletionKind::kSendDone);
  EXPECT_EQ(exchange.seen[0].time_ns - begin_ns, 2010);
  EXPECT_EQ(exchange.seen[1].completion.kind, CompletionKind::kRecvDone);
  EXPECT_EQ(exchange.seen[1].time_ns - begin_ns, 3010);
  EXPECT_EQ(got, data);
}

TEST(SimNetwork, LostPacketsComeLaterAndNothingIsMissing) {
  NetworkOptions options;
  options.link.loss_probability = 0.5;
  options.link.max_retransmits = 60;
  options.link.retransmit_timeout_ns = 1'000'000;
  Exchange exchange(options);
  std::vector<std::vector<std::byte>> data;
  std::vector<std::vector<std::byte>> got(100, std::vector<std::byte>(100));
  for (uint32_t i = 0; i < 100; ++i) data.push_back(RandomBytes(100, i));
  for (uint32_t i = 0; i < 100; ++i) {
    exchange.Recv(1, 0, i, got[i]);
    exchange.Send(0, 1, i, data[i]);
  }
  exchange.Run();
  EXPECT_EQ(exchange.Count(1, CompletionKind::kRecvDone), 100u);
  EXPECT_EQ(got, data);
  EXPECT_GT(exchange.network.clock().NowNs(), options.link.retransmit_timeout_ns);
}

TEST(SimNetwork, APathThatLosesEverythingIsReportedAtBothEnds) {
  NetworkOptions options;
  Exchange exchange(options);
  exchange.Run();
  LinkModel lossy;
  lossy.loss_probability = 1;
  exchange.network.SetLink(0, 1, lossy);
  const auto data = RandomBytes(8, 1);
  exchange.Send(0, 1, 0, data);
  exchange.Run();
  EXPECT_EQ(exchange.Count(0, CompletionKind::kPeerFailed), 1u);
  EXPECT_EQ(exchange.Count(1, CompletionKind::kPeerFailed), 1u);
  EXPECT_NE(exchange.network.endpoint(1).PeerError(0), "");
}

// The order in which 50 messages arrive that were sent in order of index.
std::vector<uint64_t> ArrivalOrder(bool in_order) {
  NetworkOptions options;
  options.link.jitter_ns = 100'000;
  options.link.in_order = in_order;
  Exchange exchange(options);
  exchange.Run();
  std::vector<std::vector<std::byte>> got(50, std::vector<std::byte>(64));
  const auto data = RandomBytes(64, 1);
  for (uint32_t i = 0; i < 50; ++i) {
    exchange.Recv(1, 0, i, got[i]);
    exchange.Send(0, 1, i, data);
  }
  exchange.Run();
  std::vector<uint64_t> order;
  for (const Seen& entry : exchange.seen) {
    if (entry.completion.kind == CompletionKind::kRecvDone) order.push_back(entry.completion.context);
  }
  return order;
}

TEST(SimNetwork, MessagesOvertakeEachOtherUnlessTheLinkIsInOrder) {
  std::vector<uint64_t> sorted = ArrivalOrder(true);
  EXPECT_EQ(sorted.size(), 50u);
  EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
  const std::vector<uint64_t> mixed = ArrivalOrder(false);
  EXPECT_EQ(mixed.size(), 50u);
  EXPECT_FALSE(std::is_sorted(mixed.begin(), mixed.end()));
}

TEST(SimNetwork, NothingLeftToHappenIsToldApartFromWaiting) {
  Exchange exchange(NetworkOptions{});
  exchange.Run();
  EXPECT_FALSE(exchange.network.AdvanceToNextEvent());
  EXPECT_EQ(exchange.network.next_event_ns(), kForeverNs);
  std::vector<std::byte> got(8);
  exchange.Recv(1, 0, 0, got);  // of a message that nobody sends
  EXPECT_FALSE(exchange.network.AdvanceToNextEvent());
  const int64_t now_ns = exchange.network.clock().NowNs();
  exchange.network.AdvanceTo(now_ns + 500);
  EXPECT_EQ(exchange.network.clock().NowNs(), now_ns + 500);
}

}  // namespace
}  // namespace tutti::sim
