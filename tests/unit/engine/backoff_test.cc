// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/backoff.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

// What the last of so many looks says, all of them at `now_ns`.
bool Look(Backoff& backoff, int64_t now_ns, uint64_t looks = Backoff::kLooksPerClock) {
  bool sleeps = false;
  for (uint64_t i = 0; i < looks; ++i) sleeps = backoff.Idle([now_ns] { return now_ns; });
  return sleeps;
}

TEST(Backoff, SpinsThenYieldsThenSleeps) {
  const WaitOptions options{.spin_ns = 100, .yield_ns = 1000, .may_sleep = true};
  Backoff backoff(options);
  EXPECT_FALSE(Look(backoff, 5000));
  EXPECT_FALSE(Look(backoff, 5099));
  EXPECT_FALSE(Look(backoff, 6099));
  EXPECT_TRUE(Look(backoff, 6100));
  EXPECT_TRUE(Look(backoff, 6100, 1));
}

TEST(Backoff, BeginsAgainAfterSomethingMoved) {
  const WaitOptions options{.spin_ns = 100, .yield_ns = 0, .may_sleep = true};
  Backoff backoff(options);
  EXPECT_FALSE(Look(backoff, 0));
  EXPECT_TRUE(Look(backoff, 100));
  backoff.Reset();
  EXPECT_FALSE(Look(backoff, 200));
  EXPECT_TRUE(Look(backoff, 300));
}

TEST(Backoff, LooksAtTheClockNowAndThen) {
  const WaitOptions options{.spin_ns = 100, .yield_ns = 0, .may_sleep = true};
  Backoff backoff(options);
  uint64_t asked = 0;
  for (uint64_t i = 0; i < 10 * Backoff::kLooksPerClock; ++i) {
    EXPECT_FALSE(backoff.Idle([&asked] { return static_cast<int64_t>(++asked); }));
  }
  EXPECT_EQ(asked, 10u);
}

TEST(Backoff, NeverSleepsWhenToldNotTo) {
  const WaitOptions options{.spin_ns = 0, .yield_ns = 0, .may_sleep = false};
  Backoff backoff(options);
  EXPECT_FALSE(Look(backoff, 0));
  EXPECT_FALSE(Look(backoff, 1'000'000'000));
}

TEST(Backoff, SleepsAtOnceWhenToldTo) {
  const WaitOptions options{.spin_ns = 0, .yield_ns = 0, .may_sleep = true};
  Backoff backoff(options);
  EXPECT_TRUE(Look(backoff, 0, 1));
}

}  // namespace
}  // namespace tutti
