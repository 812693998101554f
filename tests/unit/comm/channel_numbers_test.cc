// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/channel_numbers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tutti {
namespace {

TEST(ChannelNumbersTest, GoUpOneByOneAndNeverGiveTheWholeJobsOwn) {
  ChannelNumbers numbers(0, 4);
  EXPECT_EQ(numbers.Take(), 1u);
  EXPECT_EQ(numbers.Take(), 2u);
}

TEST(ChannelNumbersTest, PartsOfDifferentRanksDoNotMeet) {
  constexpr int kSize = 70'000;
  ChannelNumbers first(kSize - 2, kSize);
  ChannelNumbers second(kSize - 1, kSize);
  const uint32_t begin = second.Take();
  uint32_t last = 0;
  int taken = 0;
  for (uint32_t number = first.Take(); number != 0; number = first.Take(), ++taken) last = number;
  EXPECT_EQ(last + 1, begin);
  EXPECT_EQ(taken, static_cast<int>(0xffffffffu / kSize));
  EXPECT_EQ(first.Take(), 0u) << "used up stays used up";
}

TEST(ChannelNumbersTest, WhatWasNotUsedComesAgain) {
  ChannelNumbers numbers(1, 2);
  const uint32_t number = numbers.Take();
  numbers.Return(number);
  EXPECT_EQ(numbers.Take(), number);
}

TEST(ChannelNumbersTest, ANumberIsNotReusedBelowOneThatIsInUse) {
  ChannelNumbers numbers(0, 1);
  const uint32_t unused = numbers.Take();
  const uint32_t used = numbers.Take();
  numbers.Return(unused);
  EXPECT_EQ(numbers.Take(), used + 1);
  numbers.Return(0);
  EXPECT_EQ(numbers.Take(), used + 2) << "0 is what one gets when all are used up: nothing to take back";
}

}  // namespace
}  // namespace tutti
