// SPDX-License-Identifier: Apache-2.0
#include "lib/base/clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace tutti {
namespace {

TEST(MonotonicClock, NeverRunsBackwards) {
  int64_t last_ns = MonotonicClock().NowNs();
  for (int i = 0; i < 10000; ++i) {
    const int64_t now_ns = MonotonicClock().NowNs();
    ASSERT_GE(now_ns, last_ns);
    last_ns = now_ns;
  }
}

TEST(MonotonicClock, AgreesWithTheStandardSteadyClock) {
  // On Linux both read CLOCK_MONOTONIC, so one reading of ours lies between two of theirs.
  const auto steady_ns = [] {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  const int64_t before_ns = steady_ns();
  const int64_t ours_ns = MonotonicClock().NowNs();
  const int64_t after_ns = steady_ns();
  EXPECT_LE(before_ns, ours_ns);
  EXPECT_LE(ours_ns, after_ns);
}

TEST(UnixNowNs, CountsFrom1970) {
  const int64_t system_ns = std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(static_cast<double>(UnixNowNs()), static_cast<double>(system_ns), 60.0 * kNsPerSecond);
}

TEST(DeadlineAfterNs, NeverPassesWhenTheSumOverflows) {
  EXPECT_EQ(DeadlineAfterNs(5, 7), 12);
  EXPECT_EQ(DeadlineAfterNs(5, -7), -2);
  EXPECT_EQ(DeadlineAfterNs(5, kForeverNs), kForeverNs);
  EXPECT_EQ(DeadlineAfterNs(INT64_MIN, -1), INT64_MIN);
}

}  // namespace
}  // namespace tutti
