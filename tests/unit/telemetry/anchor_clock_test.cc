// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/anchor_clock.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>

#include "lib/base/prng.h"

namespace tutti {
namespace {

TEST(AnchorClock, KnowsNothingBeforeAnAnswer) {
  const AnchorClock anchor;
  EXPECT_EQ(anchor.MostAheadNs(0), AnchorClock::kUnknown);
  EXPECT_EQ(anchor.MostBehindNs(0), AnchorClock::kUnknown);
}

TEST(AnchorClock, OneAnswerBoundsBothSides) {
  AnchorClock anchor;
  // Ours is behind by something between 9,950 and 10,000.
  anchor.Heard(1'000, 11'000, 1'050);
  // Drift is allowed for, and rounded up.
  EXPECT_NEAR(static_cast<double>(anchor.MostBehindNs(1'050)), 10'000, 2);
  EXPECT_NEAR(static_cast<double>(anchor.MostAheadNs(1'050)), -9'950, 2);
}

TEST(AnchorClock, ARankOnTheSameHostHasTheSameClock) {
  const AnchorClock anchor = AnchorClock::Same();
  EXPECT_EQ(anchor.MostAheadNs(int64_t{1} << 50), 0);
  EXPECT_EQ(anchor.MostBehindNs(int64_t{1} << 50), 0);
}

// Two ranks whose clocks go as they like. What a message from one to the other proves, and what both know of rank 0's, has the
// truth between them, closely.
TEST(AnchorClock, TwoRanksThatNeverAnswerEachOtherKnowHowTheirClocksStand) {
  Prng random(7);
  constexpr int64_t kSenderAheadNs = 5'000'000'000;
  constexpr int64_t kReceiverAheadNs = -70'000'000;
  constexpr double kDriftPpb = 20'000;  // the sender's
  const auto senders = [](int64_t ns) {
    return ns + kSenderAheadNs + static_cast<int64_t>(static_cast<double>(ns) * kDriftPpb * 1e-9);
  };
  const auto receivers = [](int64_t ns) { return ns + kReceiverAheadNs; };
  AnchorClock sender, receiver;
  PeerClock of_sender;  // the receiver's
  const auto ask = [&](AnchorClock& anchor, const auto& clock, int64_t ns) {
    const int64_t there_ns = ns + random.Between(20'000, 400'000);
    anchor.Heard(clock(ns), there_ns, clock(there_ns + random.Between(20'000, 400'000)));
  };
  for (int64_t ns = 0; ns < 20'000'000'000; ns += 500'000'000) {
    for (int i = 0; i < 8; ++i) {
      ask(sender, senders, ns + i * 5'000'000);
      ask(receiver, receivers, ns + i * 5'000'000);
    }
    const int64_t sent_ns = ns + 100'000'000;
    const int64_t heard_ns = sent_ns + random.Between(10'000, 60'000);
    const int64_t bound_ns = sender.MostAheadNs(senders(sent_ns)) + receiver.MostBehindNs(receivers(heard_ns));
    of_sender.Heard(senders(sent_ns), bound_ns, receivers(heard_ns));
    const PeerClock::Offset offset = of_sender.At(receivers(heard_ns));
    ASSERT_TRUE(offset.known());
    const int64_t truth_ns = senders(heard_ns) - receivers(heard_ns);
    ASSERT_LE(std::abs(offset.ns - truth_ns), offset.error_ns + 1) << ns;
    if (ns > 5'000'000'000) {
      ASSERT_LT(offset.error_ns, 150'000) << ns;
    }
  }
}

}  // namespace
}  // namespace tutti
