// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include "exchange.h"

namespace tutti::sim {
namespace {

TEST(SimFaults, AStalledEndpointSendsAndTakesNothingUntilItGoesOn) {
  Exchange exchange(NetworkOptions{});
  exchange.Run();
  const int64_t begin_ns = exchange.network.clock().NowNs();
  exchange.network.Stall(1, 1'000'000);
  EXPECT_FALSE(exchange.network.Runs(1));
  const auto data = RandomBytes(100, 1);
  std::vector<std::byte> got(100);
  exchange.Send(0, 1, 0, data);
  exchange.Recv(1, 0, 0, got);
  exchange.Run();
  EXPECT_TRUE(exchange.network.Runs(1));
  ASSERT_EQ(exchange.Count(1, CompletionKind::kRecvDone), 1u);
  EXPECT_EQ(exchange.seen.back().time_ns, begin_ns + 1'000'000);
  EXPECT_EQ(got, data);
  EXPECT_EQ(exchange.Count(0, CompletionKind::kPeerFailed), 0u);
}

TEST(SimFaults, AStallWithoutAnEndLeavesNothingToHappen) {
  Exchange exchange(NetworkOptions{});
  exchange.Run();
  exchange.network.Stall(1, kForeverNs);
  const auto data = RandomBytes(100, 1);
  exchange.Send(0, 1, 0, data);
  exchange.Run();
  EXPECT_EQ(exchange.Count(0, CompletionKind::kSendDone), 1u);
  EXPECT_FALSE(exchange.network.AdvanceToNextEvent());
  EXPECT_FALSE(exchange.network.Runs(1));
}

TEST(SimFaults, ACrashIsReportedAfterTheDetectionTime) {
  NetworkOptions options;
  options.size = 3;
  options.detection_ns = 700'000;
  Exchange exchange(options);
  exchange.Run();
  const int64_t begin_ns = exchange.network.clock().NowNs();
  std::vector<std::byte> got(100);
  exchange.Recv(0, 1, 0, got);
  exchange.network.Crash(1);
  exchange.Run();
  ASSERT_EQ(exchange.seen.size(), 2u);
  for (const Seen& entry : exchange.seen) {
    EXPECT_EQ(entry.completion.kind, CompletionKind::kPeerFailed);
    EXPECT_EQ(entry.completion.peer, 1);
    EXPECT_EQ(entry.time_ns, begin_ns + options.detection_ns);
  }
  EXPECT_EQ(exchange.network.endpoint(0).PeerError(1), "its process has died (simulated crash)");
  EXPECT_EQ(exchange.network.endpoint(0).PeerError(2), "");
}

TEST(SimFaults, WhatWasOnItsWayWhenItsSenderCrashedStillArrives) {
  NetworkOptions options;
  options.link.latency_ns = 10'000;
  Exchange exchange(options);
  exchange.Run();
  const auto data = RandomBytes(100, 1);
  std::vector<std::byte> got(100);
  exchange.Recv(1, 0, 0, got);
  exchange.Send(0, 1, 0, data);
  exchange.network.AdvanceToNextEvent();  // it has left
  exchange.network.Crash(0);
  exchange.Run();
  EXPECT_EQ(exchange.Count(1, CompletionKind::kRecvDone), 1u);
  EXPECT_EQ(exchange.Count(1, CompletionKind::kPeerFailed), 1u);
  EXPECT_EQ(exchange.Count(0, CompletionKind::kSendDone), 0u);
}

TEST(SimFaults, AShortCutOnlyDelays) {
  NetworkOptions options;
  options.detection_ns = 1'000'000;
  Exchange exchange(options);
  exchange.Run();
  const int64_t begin_ns = exchange.network.clock().NowNs();
  const auto data = RandomBytes(100'000, 1);
  std::vector<std::byte> got(data.size());
  exchange.Recv(1, 0, 0, got);
  exchange.Send(0, 1, 0, data);
  exchange.network.AdvanceTo(begin_ns + 5'000);
  exchange.network.CutLink(0, 1, 900'000);
  exchange.Run();
  EXPECT_EQ(exchange.Count(1, CompletionKind::kRecvDone), 1u);
  EXPECT_EQ(got, data);
  EXPECT_GE(exchange.seen.back().time_ns, begin_ns + 905'000);
  EXPECT_EQ(exchange.Count(0, CompletionKind::kPeerFailed) + exchange.Count(1, CompletionKind::kPeerFailed), 0u);
}

TEST(SimFaults, ALastingCutIsReportedAtBothEndsAndNowhereElse) {
  NetworkOptions options;
  options.size = 3;
  Exchange exchange(options);
  exchange.Run();
  exchange.network.CutLink(0, 2);
  const auto data = RandomBytes(50, 1);
  std::vector<std::byte> got(50);
  exchange.Recv(2, 1, 0, got);
  exchange.Send(1, 2, 0, data);
  exchange.Run();
  EXPECT_EQ(exchange.Count(0, CompletionKind::kPeerFailed), 1u);
  EXPECT_EQ(exchange.Count(1, CompletionKind::kPeerFailed), 0u);
  EXPECT_EQ(exchange.Count(2, CompletionKind::kPeerFailed), 1u);
  EXPECT_EQ(got, data);
}

TEST(SimFaults, AConnectionOverACutLinkFails) {
  NetworkOptions options;
  Exchange exchange(options, /*connect=*/false);
  exchange.network.CutLink(0, 1);
  exchange.network.AdvanceTo(10 * options.detection_ns);
  exchange.network.ConnectAll();
  exchange.Run();
  EXPECT_EQ(exchange.Count(0, CompletionKind::kPeerFailed), 1u);
  EXPECT_EQ(exchange.Count(1, CompletionKind::kPeerFailed), 1u);
}

TEST(SimFaults, APeerThatLeftIsMissedOnlyWhenItIsNeeded) {
  Exchange exchange(NetworkOptions{});
  exchange.Run();
  const auto data = RandomBytes(100, 1);
  std::vector<std::byte> got(100);
  exchange.Send(1, 0, 0, data);
  exchange.Run();
  exchange.network.TakeEndpoint(1).reset();
  exchange.seen.clear();
  exchange.Run();
  EXPECT_TRUE(exchange.seen.empty());

  exchange.Recv(0, 1, 0, got);  // of what it had left
  exchange.Run();
  EXPECT_EQ(exchange.Count(0, CompletionKind::kRecvDone), 1u);
  EXPECT_EQ(got, data);

  exchange.Recv(0, 1, 1, got);
  exchange.Run();
  EXPECT_EQ(exchange.Count(0, CompletionKind::kPeerFailed), 1u);
  EXPECT_EQ(exchange.network.endpoint(0).PeerError(1), "the other end closed the connection");
}

TEST(SimFaults, APlanIsCarriedOutAtItsTimes) {
  NetworkOptions options;
  options.size = 3;
  options.detection_ns = 100;
  options.faults = {{5'000'000, FaultKind::kCrash, 2, -1, 0}, {1'000'000, FaultKind::kStall, 1, -1, 500'000}};
  Exchange exchange(options);
  exchange.network.AdvanceTo(999'999);
  EXPECT_TRUE(exchange.network.Runs(1));
  exchange.network.AdvanceTo(1'000'000);
  EXPECT_FALSE(exchange.network.Runs(1));
  exchange.network.AdvanceTo(1'500'000);
  EXPECT_TRUE(exchange.network.Runs(1));
  exchange.network.AdvanceTo(4'999'999);
  EXPECT_TRUE(exchange.network.Runs(2));
  exchange.Run();
  EXPECT_FALSE(exchange.network.Runs(2));
  EXPECT_EQ(exchange.Count(0, CompletionKind::kPeerFailed), 1u);
}

TEST(SimFaults, ARandomPlanDependsOnItsSeedAndKeepsItsLimits) {
  FaultPlanLimits limits;
  size_t different = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const FaultPlan plan = RandomFaultPlan(5, seed, limits);
    EXPECT_EQ(plan, RandomFaultPlan(5, seed, limits));
    different += plan != RandomFaultPlan(5, seed + 1, limits) ? 1 : 0;
    int crashes = 0;
    int64_t last_ns = 0;
    for (const Fault& fault : plan) {
      EXPECT_GE(fault.at_ns, last_ns);
      EXPECT_LT(fault.at_ns, limits.horizon_ns);
      last_ns = fault.at_ns;
      EXPECT_TRUE(fault.rank >= 0 && fault.rank < 5);
      if (fault.kind == FaultKind::kCutLink) {
        EXPECT_TRUE(fault.peer >= 0 && fault.peer < 5 && fault.peer != fault.rank);
      }
      crashes += fault.kind == FaultKind::kCrash ? 1 : 0;
    }
    EXPECT_LE(crashes, limits.max_crashes);
  }
  EXPECT_GT(different, 150u);
}

TEST(SimFaults, APlanReadsAsSentences) {
  const FaultPlan plan = {{1'250'000, FaultKind::kCrash, 3, -1, 0},
                          {2'000'000, FaultKind::kStall, 0, -1, 500},
                          {3'000'000, FaultKind::kCutLink, 1, 2, kForeverNs}};
  EXPECT_EQ(DescribeFaultPlan(plan),
            "at 1.250 ms: rank 3 crashes\n"
            "at 2.000 ms: rank 0 stands still for 0.001 ms\n"
            "at 3.000 ms: the link between ranks 1 and 2 is cut for ever\n");
}

}  // namespace
}  // namespace tutti::sim
