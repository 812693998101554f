// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/backoff.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

TEST(Backoff, SpinsThenYieldsThenSleeps) {
  const WaitOptions options{.spin_ns = 100, .yield_ns = 1000, .may_sleep = true};
  Backoff backoff(options);
  EXPECT_FALSE(backoff.Idle(5000));
  EXPECT_FALSE(backoff.Idle(5099));
  EXPECT_FALSE(backoff.Idle(6099));
  EXPECT_TRUE(backoff.Idle(6100));
}

TEST(Backoff, BeginsAgainAfterSomethingMoved) {
  const WaitOptions options{.spin_ns = 100, .yield_ns = 0, .may_sleep = true};
  Backoff backoff(options);
  EXPECT_FALSE(backoff.Idle(0));
  EXPECT_TRUE(backoff.Idle(100));
  backoff.Reset();
  EXPECT_FALSE(backoff.Idle(200));
  EXPECT_TRUE(backoff.Idle(300));
}

TEST(Backoff, NeverSleepsWhenToldNotTo) {
  const WaitOptions options{.spin_ns = 0, .yield_ns = 0, .may_sleep = false};
  Backoff backoff(options);
  EXPECT_FALSE(backoff.Idle(0));
  EXPECT_FALSE(backoff.Idle(1'000'000'000));
}

}  // namespace
}  // namespace tutti
