// SPDX-License-Identifier: Apache-2.0
// What only the simulated transport promises; the contract's promises are tested in tests/conformance.
#include "transports/sim/sim_transport.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "exchange.h"

namespace tutti::sim {
namespace {

TEST(SimTransport, KeepsNoMoreThanItsBudgetOfEachPeer) {
  NetworkOptions options;
  options.size = 3;
  options.eager_bytes = 1000;
  options.unexpected_bytes = 10 * (1000 + kKeptMessageBytes);
  Exchange exchange(options);
  const auto data = RandomBytes(1000, 1);
  for (uint32_t i = 0; i < 100; ++i) {
    exchange.Send(0, 2, i, data);
    exchange.Send(1, 2, i, data);
  }
  exchange.Run();
  EXPECT_EQ(exchange.network.endpoint(2).kept_bytes(), 20'000u);
  EXPECT_EQ(exchange.Count(0, CompletionKind::kSendDone), 10u);

  std::vector<std::byte> got(1000);
  exchange.Recv(2, 0, 0, got);
  exchange.Run();
  EXPECT_EQ(exchange.network.endpoint(2).kept_bytes(), 19'000u);
  EXPECT_EQ(exchange.network.endpoint(2).counters().payload_bytes_copied, 1000u);
}

TEST(SimTransport, LargePayloadStaysUntilTheReceiveIsPosted) {
  Exchange exchange(NetworkOptions{});
  const auto data = RandomBytes(100'000, 1);
  exchange.Send(0, 1, 0, data);
  exchange.Run();
  EXPECT_TRUE(exchange.seen.empty());
  EXPECT_EQ(exchange.network.endpoint(1).kept_bytes(), 0u);
  EXPECT_EQ(exchange.network.endpoint(0).counters().payload_bytes_sent, 0u);
  std::vector<std::byte> got(100'000);
  exchange.Recv(1, 0, 0, got);
  exchange.Run();
  EXPECT_EQ(got, data);
  EXPECT_EQ(exchange.network.endpoint(1).counters().payload_bytes_copied, 0u);
}

TEST(SimTransport, ViewsComeInPartsAtOddAddresses) {
  NetworkOptions options;
  options.segment_bytes = 1024;
  Exchange exchange(options);
  const auto data = RandomBytes(64 * 1024, 1);
  exchange.Send(0, 1, 0, data);
  exchange.RecvView(1, 0, 0, data.size());
  exchange.Run();
  std::vector<std::byte> joined;
  size_t parts = 0;
  size_t unaligned = 0;
  for (const Seen& entry : exchange.seen) {
    if (entry.completion.kind != CompletionKind::kRecvView) continue;
    ++parts;
    unaligned += reinterpret_cast<uintptr_t>(entry.completion.view) % 8 != 0 ? 1 : 0;
    joined.insert(joined.end(), entry.view_bytes.begin(), entry.view_bytes.end());
  }
  EXPECT_EQ(joined, data);
  EXPECT_GT(parts, 64u);
  EXPECT_GT(unaligned, parts / 2);
}

TEST(SimTransport, AViewIsOverwrittenByTheNextPoll) {
  Exchange exchange(NetworkOptions{});
  const auto data = RandomBytes(64, 1);
  exchange.Send(0, 1, 0, data);
  exchange.RecvView(1, 0, 0, 64);
  Completion part;
  while (exchange.network.endpoint(1).Poll(absl::MakeSpan(&part, 1)) == 0) {
    ASSERT_TRUE(exchange.network.AdvanceToNextEvent());
  }
  const auto* view = static_cast<const std::byte*>(part.view);
  EXPECT_TRUE(std::equal(view, view + 64, data.begin()));
  Completion none;
  EXPECT_EQ(exchange.network.endpoint(1).Poll(absl::MakeSpan(&none, 1)), 0u);
  EXPECT_FALSE(std::equal(view, view + 64, data.begin()));  // the network keeps the memory
}

TEST(SimTransport, EarlySendsLeaveBytesBehind) {
  NetworkOptions options;
  options.complete_sends_early = true;
  Exchange exchange(options);
  exchange.Run();
  auto data = RandomBytes(100, 1);
  const auto original = data;
  exchange.Send(0, 1, 0, data);
  EXPECT_TRUE(exchange.network.endpoint(0).HasUnsentBytes());
  exchange.PollAll();
  EXPECT_EQ(exchange.Count(0, CompletionKind::kSendDone), 1u);
  std::fill(data.begin(), data.end(), std::byte{0});  // the buffer is the caller's again
  std::vector<std::byte> got(100);
  exchange.Recv(1, 0, 0, got);
  exchange.Run();
  EXPECT_FALSE(exchange.network.endpoint(0).HasUnsentBytes());
  EXPECT_EQ(got, original);
}

TEST(SimTransport, AddressesNameARankOfTheNetwork) {
  Exchange exchange(NetworkOptions{}, /*connect=*/false);
  SimTransport& endpoint = exchange.network.endpoint(0);
  EXPECT_EQ(exchange.network.endpoint(1).Address(), "sim:1");
  EXPECT_FALSE(endpoint.Connect(1, "sim:0").ok());
  EXPECT_FALSE(endpoint.Connect(1, "sim:").ok());
  EXPECT_FALSE(endpoint.Connect(1, "sim:1x").ok());
  EXPECT_FALSE(endpoint.Connect(2, "sim:2").ok());
  EXPECT_FALSE(endpoint.Connect(-1, "sim:-1").ok());
  EXPECT_FALSE(endpoint.Connect(0, "sim:0").ok());
  EXPECT_TRUE(endpoint.Connect(1, "sim:1").ok());
  EXPECT_TRUE(endpoint.Connect(1, "sim:1").ok());
}

}  // namespace
}  // namespace tutti::sim
