// SPDX-License-Identifier: Apache-2.0
#include "lib/transport/message_stamp.h"

#include <gtest/gtest.h>

namespace tutti {
namespace {

TEST(MessageStamp, SaysNothingUntilToldOtherwise) {
  const MessageStamp stamp;
  EXPECT_FALSE(stamp.names_a_rank());
  EXPECT_EQ(stamp.sent_ns(), MessageStamp::kNoBound);
  EXPECT_EQ(stamp.clock_bound, MessageStamp::kNoBound);
}

TEST(MessageStamp, AClockBoundSaysWhoseClockItIsOf) {
  for (const int64_t bound_ns : {int64_t{0}, int64_t{-1}, int64_t{-123'456'789}, int64_t{1'000'000'000'000'000}}) {
    for (const bool is_of_rank_0 : {false, true}) {
      MessageStamp stamp;
      stamp.SetClockBound(bound_ns, is_of_rank_0);
      EXPECT_EQ(stamp.clock_bound_ns(), bound_ns);
      EXPECT_EQ(stamp.clock_bound_is_of_rank_0(), is_of_rank_0);
    }
  }
  MessageStamp stamp;
  stamp.SetClockBound(MessageStamp::kNoBound, true);
  EXPECT_EQ(stamp.clock_bound_ns(), MessageStamp::kNoBound);
}

TEST(MessageStamp, TheErrorIsNeverTooLowAndAtMostAnEighthTooHigh) {
  for (int64_t error = 0; error < 100'000; ++error) {
    MessageStamp stamp;
    stamp.SetArrival(5, 0, error);
    ASSERT_GE(stamp.error_ns(), error);
    ASSERT_LE(stamp.error_ns(), error + error / 8) << error;
    ASSERT_EQ(stamp.rank(), 5u);
  }
  for (int bit = 10; bit < 34; ++bit) {
    for (int64_t off : {-1, 0, 1}) {
      const int64_t error = (int64_t{1} << bit) + off;
      MessageStamp stamp;
      stamp.SetArrival(MessageStamp::kNobody - 1, 0, error);
      ASSERT_GE(stamp.error_ns(), error);
      ASSERT_LE(stamp.error_ns(), error + error / 8 + 1) << error;
      ASSERT_EQ(stamp.rank(), MessageStamp::kNobody - 1);
    }
  }
  MessageStamp stamp;
  stamp.SetArrival(1, 0, INT64_MAX);
  EXPECT_EQ(stamp.error_ns(), INT64_MAX);
  stamp.SetArrival(1, 0, -7);
  EXPECT_EQ(stamp.error_ns(), 0);
}

TEST(MessageStamp, SentIsRoundedDownAndUnknownWhereItCannotBeSaid) {
  MessageStamp stamp;
  stamp.SetArrival(1, 1'000'000, 0);
  for (int64_t sent : {int64_t{1'000'000}, int64_t{1'000'015}, int64_t{1'000'016}, int64_t{60'000'000'000}}) {
    stamp.SetSent(sent);
    EXPECT_LE(stamp.sent_ns(), sent);
    EXPECT_GT(stamp.sent_ns(), sent - 16);
  }
  stamp.SetSent(999'999);  // before the arrival: the clocks of two hosts disagree
  EXPECT_EQ(stamp.sent_ns(), MessageStamp::kNoBound);
  stamp.SetSent(INT64_MAX);
  EXPECT_EQ(stamp.sent_ns(), MessageStamp::kNoBound);
  // A stamp from the wire holds any numbers.
  stamp.arrival_ns = INT64_MAX;
  stamp.sent_after = 77;
  EXPECT_EQ(stamp.sent_ns(), MessageStamp::kNoBound);
  stamp.arrival_ns = INT64_MIN;
  stamp.SetSent(INT64_MAX);
  EXPECT_EQ(stamp.sent_ns(), MessageStamp::kNoBound);
}

}  // namespace
}  // namespace tutti
