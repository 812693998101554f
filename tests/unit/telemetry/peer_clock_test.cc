// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/peer_clock.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "lib/base/clock.h"
#include "lib/base/prng.h"

namespace tutti {
namespace {

// Two hosts whose clocks differ, and the messages between them.
struct TwoHosts {
  TwoHosts(uint64_t seed, int64_t offset, double drift) : random(seed), offset_ns(offset), drift_ppb(drift) {}

  // Our clock is the truth; the peer's is ahead by this.
  int64_t TruthAt(int64_t ns) const {
    return offset_ns + static_cast<int64_t>(static_cast<double>(ns) * drift_ppb * 1e-9);
  }
  int64_t Delay(int64_t least_ns) {
    const bool hiccup = random.Between(0, 9) == 0;
    return least_ns + random.Between(0, 20'000) + (hiccup ? random.Between(0, 5'000'000) : 0);
  }
  void Exchange(int64_t ns, int64_t there_ns, int64_t back_ns) {
    const int64_t reached_ns = ns + Delay(there_ns);
    theirs.Heard(ns, ours.BoundForPeer(ns), reached_ns + TruthAt(reached_ns));
    const int64_t answered_ns = reached_ns + random.Between(1'000, 50'000);
    const int64_t answered_there_ns = answered_ns + TruthAt(answered_ns);
    const int64_t bound_ns = theirs.BoundForPeer(answered_there_ns);
    last_ns = answered_ns + Delay(back_ns);
    ours.Heard(answered_there_ns, bound_ns, last_ns);
  }

  Prng random;
  int64_t offset_ns;
  double drift_ppb;
  PeerClock ours;
  PeerClock theirs;
  int64_t last_ns = 0;
};

void ExpectTruthWithinBounds(const TwoHosts& hosts, int64_t ns) {
  const PeerClock::Offset offset = hosts.ours.At(ns);
  ASSERT_TRUE(offset.known());
  ASSERT_LE(std::abs(offset.ns - hosts.TruthAt(ns)), offset.error_ns + 1) << "at " << ns;
}

TEST(PeerClock, KnowsNothingBeforeAMessageInEachDirection) {
  PeerClock clock;
  EXPECT_FALSE(clock.At(0).known());
  EXPECT_EQ(clock.BoundForPeer(0), PeerClock::kUnknown);
  clock.Heard(1'000, PeerClock::kUnknown, 5'000);
  EXPECT_FALSE(clock.At(5'000).known());
  EXPECT_EQ(clock.BoundForPeer(5'000), 4'000);
  clock.Heard(PeerClock::kUnknown, 2'000, 6'000);
  EXPECT_TRUE(clock.At(6'000).known());
}

TEST(PeerClock, TheTruthIsAlwaysWithinTheErrorWhateverTheDelays) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    Prng random(seed);
    TwoHosts hosts(seed, random.Between(-1'000'000'000'000, 1'000'000'000'000),
                   static_cast<double>(random.Between(-90'000, 90'000)));
    // One way may take much longer than the other.
    const int64_t there_ns = random.Between(2'000, 300'000);
    const int64_t back_ns = random.Between(2'000, 300'000);
    for (int64_t ns = 0; ns < 20 * kNsPerSecond; ns += random.Between(100'000, 30'000'000)) {
      hosts.Exchange(ns, there_ns, back_ns);
      ns = hosts.last_ns;
      if (!hosts.ours.At(ns).known()) continue;
      ExpectTruthWithinBounds(hosts, ns);
      ExpectTruthWithinBounds(hosts, ns + 3 * kNsPerSecond);  // it also holds for a while of silence
      if (HasFatalFailure()) FAIL() << "seed " << seed;
    }
  }
}

TEST(PeerClock, TheErrorComesDownToHalfOfTheQuickestRoundTrip) {
  TwoHosts hosts(1, 123'456'789, 30'000);
  for (int64_t ns = 0; ns < 3 * kNsPerSecond; ns = hosts.last_ns + 100'000) hosts.Exchange(ns, 10'000, 10'000);
  EXPECT_LE(hosts.ours.At(hosts.last_ns).error_ns, 15'000);
  ExpectTruthWithinBounds(hosts, hosts.last_ns);
}

TEST(PeerClock, LearnsTheDriftAndIsGoodForLongerSilencesAfterwards) {
  TwoHosts hosts(2, -5'000'000'000, 73'000);
  for (int64_t ns = 0; ns < 30 * kNsPerSecond; ns = hosts.last_ns + 1'000'000) hosts.Exchange(ns, 10'000, 10'000);
  EXPECT_NEAR(hosts.ours.drift_ppb(), 73'000, hosts.ours.drift_error_ppb());
  EXPECT_LE(hosts.ours.drift_error_ppb(), 5'000);
  const int64_t later_ns = hosts.last_ns + 10 * kNsPerSecond;
  ExpectTruthWithinBounds(hosts, later_ns);
  EXPECT_LE(hosts.ours.At(later_ns).error_ns, 100'000);  // not the millisecond that unknown clocks might be apart
}

TEST(PeerClock, StartsAnewWhenAClockHasJumped) {
  TwoHosts hosts(3, 0, 0);
  for (int64_t ns = 0; ns < kNsPerSecond; ns = hosts.last_ns + 1'000'000) hosts.Exchange(ns, 10'000, 10'000);
  hosts.offset_ns = 7 * kNsPerSecond;
  int64_t ns = hosts.last_ns;
  for (int i = 0; i < 20; ++i, ns = hosts.last_ns + 1'000'000) hosts.Exchange(ns, 10'000, 10'000);
  ExpectTruthWithinBounds(hosts, hosts.last_ns);
}

TEST(PeerClock, NonsenseFromThePeerOverflowsNothing) {
  PeerClock clock;
  for (int64_t wild : {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX, INT64_MAX / 2, int64_t{0}}) {
    for (int64_t wilder : {INT64_MIN, int64_t{-1}, INT64_MAX - 1, INT64_MAX / 8 - 1}) {
      clock.Heard(wild, wilder, 1'000'000);
      (void)clock.At(2'000'000);
      (void)clock.BoundForPeer(2'000'000);
    }
  }
}

}  // namespace
}  // namespace tutti
