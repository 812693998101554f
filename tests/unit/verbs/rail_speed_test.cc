// SPDX-License-Identifier: Apache-2.0
// What is believed of a rail's speed.
#include "transports/verbs/rail_speed.h"

#include <gtest/gtest.h>

namespace tutti::verbs {
namespace {

constexpr uint64_t kBytes = 1 << 20;

// `count` writes, four of them outstanding at a time, one every `each_ns`.
int64_t Carry(RailSpeed& speed, int count, int64_t now_ns, int64_t each_ns) {
  for (int i = 0; i < 4; ++i) speed.Granted(kBytes);
  for (int i = 0; i < count; ++i) {
    speed.Arrived(kBytes, now_ns += each_ns);
    speed.Granted(kBytes);
  }
  for (int i = 0; i < 4; ++i) speed.Arrived(kBytes, now_ns += each_ns);
  return now_ns;
}

TEST(RailSpeed, IsUnknownUntilSomethingHasComeInARow) {
  RailSpeed speed;
  EXPECT_EQ(speed.rate(), 0);
  for (int64_t second = 1; second < 10; ++second) {  // one alone says nothing: its sender may have been late
    speed.Granted(kBytes);
    EXPECT_EQ(speed.outstanding_bytes(), kBytes);
    speed.Arrived(kBytes, second * kNsPerSecond);
  }
  EXPECT_EQ(speed.rate(), 0);
  EXPECT_EQ(speed.outstanding_bytes(), 0u);
}

TEST(RailSpeed, IsWhatItsBytesTookWithoutThePauses) {
  RailSpeed speed;
  int64_t now_ns = 1;
  for (int i = 0; i < 20; ++i) now_ns = Carry(speed, 10, now_ns, kNsPerMs) + kNsPerSecond;
  EXPECT_NEAR(speed.rate(), static_cast<double>(kBytes) / kNsPerMs, 1.0);
}

TEST(RailSpeed, FollowsWhatHappenedLast) {
  RailSpeed speed;
  int64_t now_ns = Carry(speed, 1000, 1, kNsPerMs);
  now_ns = Carry(speed, 1000, now_ns, 4 * kNsPerMs);
  EXPECT_NEAR(speed.rate(), kBytes / 4.0 / kNsPerMs, 1.0);
}

TEST(RailSpeed, WhatWillNotComeIsNotWaitedFor) {
  RailSpeed speed;
  speed.Granted(kBytes);
  speed.Granted(kBytes);
  speed.Revoked(kBytes);
  EXPECT_EQ(speed.outstanding_bytes(), kBytes);
}

}  // namespace
}  // namespace tutti::verbs
