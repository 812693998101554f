// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/operation_timing.h"

#include <gtest/gtest.h>

#include "lib/base/prng.h"

namespace tutti {
namespace {

OperationMarks Marks(int64_t arrived, int64_t begun, int64_t finished, int64_t reduced = 0) {
  OperationMarks marks;
  marks.arrivals.Begin(2, arrived);
  marks.begun_ns = begun;
  marks.finished_ns = finished;
  marks.reduced_ns = reduced;
  return marks;
}

TEST(Arrivals, TheLatestTwoAreKeptInWhateverOrderTheyAreHeardOf) {
  Prng random(3);
  for (int round = 0; round < 1000; ++round) {
    constexpr int kRanks = 6;
    int64_t arrived[kRanks];
    for (int r = 0; r < kRanks; ++r) arrived[r] = random.Between(0, 1'000'000) * kRanks + r;  // no two are equal
    const int own = static_cast<int>(random.Between(0, kRanks - 1));
    Arrivals arrivals;
    arrivals.Begin(own, arrived[own]);
    bool heard[kRanks] = {};
    heard[own] = true;
    for (int i = 0; i < 30; ++i) {
      const int r = static_cast<int>(random.Between(0, kRanks - 1));
      heard[r] = true;
      arrivals.Hear(r, arrived[r], 0);
    }
    int last = own;
    for (int r = 0; r < kRanks; ++r) last = heard[r] && arrived[r] > arrived[last] ? r : last;
    int second = -1;
    for (int r = 0; r < kRanks; ++r) {
      if (heard[r] && r != last && (second < 0 || arrived[r] > arrived[second])) second = r;
    }
    ASSERT_EQ(arrivals.last().ns, arrived[last]);
    ASSERT_EQ(arrivals.last().rank, last);
    ASSERT_EQ(arrivals.second().rank, second);
    ASSERT_EQ(arrivals.ToTell(last).rank, second);
    ASSERT_EQ(arrivals.ToTell(kRanks).rank, last);
  }
}

TEST(SplitTime, WaitingEndsWhenTheLateRankArrives) {
  OperationMarks marks = Marks(1000, 1000, 9000, 500);
  marks.arrivals.Hear(0, 900, 0);
  marks.arrivals.Hear(3, 8000, 0);
  marks.arrivals.Hear(1, 1200, 0);
  const OperationTiming timing = SplitTime(marks);
  EXPECT_EQ(timing.total_ns, 8000);
  EXPECT_EQ(timing.waited_ns, 7000);
  EXPECT_EQ(timing.reduced_ns, 500);
  EXPECT_EQ(timing.moved_ns, 500);
  EXPECT_EQ(timing.queued_ns, 0);
  EXPECT_EQ(timing.last_rank, 3);
  EXPECT_EQ(timing.last_by_ns, 7000);
}

TEST(SplitTime, TheLastRankKnowsByHowMuch) {
  OperationMarks marks = Marks(8000, 8000, 9000);
  marks.arrivals.Hear(0, 900, 0);
  marks.arrivals.Hear(1, 1200, 40);
  marks.arrivals.Hear(2, 8000, 0);  // its own arrival, handed back to it
  const OperationTiming timing = SplitTime(marks);
  EXPECT_EQ(timing.last_rank, 2);
  EXPECT_EQ(timing.last_by_ns, 6800);
  EXPECT_EQ(timing.last_error_ns, 40);
  EXPECT_EQ(timing.waited_ns, 0);
  EXPECT_EQ(timing.moved_ns, 1000);
}

TEST(SplitTime, QueueingIsNotWaiting) {
  // The engine came to it only when the late rank had long been there.
  OperationMarks marks = Marks(1000, 6000, 7000);
  marks.arrivals.Hear(0, 4000, 0);
  OperationTiming timing = SplitTime(marks);
  EXPECT_EQ(timing.queued_ns, 5000);
  EXPECT_EQ(timing.waited_ns, 0);
  EXPECT_EQ(timing.moved_ns, 1000);
  EXPECT_EQ(timing.last_rank, 0);
  EXPECT_EQ(timing.last_by_ns, 3000);

  marks.arrivals.Hear(1, 6500, 0);
  timing = SplitTime(marks);
  EXPECT_EQ(timing.queued_ns, 5000);
  EXPECT_EQ(timing.waited_ns, 500);
  EXPECT_EQ(timing.moved_ns, 500);
}

TEST(SplitTime, NobodyElseIsKnownOf) {
  const OperationTiming timing = SplitTime(Marks(1000, 1000, 2000));
  EXPECT_EQ(timing.last_rank, 2);
  EXPECT_EQ(timing.last_by_ns, 0);
  EXPECT_EQ(timing.moved_ns, 1000);
}

TEST(SplitTime, TheShortWayIsTheLongWayOfPlainOperations) {
  Prng random(9);
  int with_waiting = 0;
  for (int i = 0; i < 20'000; ++i) {
    const int64_t arrived = random.Between(0, 5000);
    OperationMarks marks = Marks(arrived, arrived, arrived + random.Between(0, 5000));
    for (int r = 0; r < 4; ++r) {
      if (random.Between(0, 2) > 0) marks.arrivals.Hear(r, random.Between(0, 10'000));
    }
    ASSERT_TRUE(IsPlain(marks));
    const PlainTiming plain = SplitPlain(marks);
    const OperationTiming timing = SplitTime(marks);
    ASSERT_EQ(plain.total_ns, timing.total_ns);
    ASSERT_EQ(plain.waited_ns, timing.waited_ns);
    ASSERT_EQ(plain.last_by_ns, timing.last_by_ns);
    with_waiting += timing.waited_ns > 0;
  }
  EXPECT_GT(with_waiting, 1000);
  EXPECT_FALSE(IsPlain(Marks(1, 2, 3)));
  EXPECT_FALSE(IsPlain(Marks(1, 1, 3, 1)));
}

TEST(SplitTime, ThePartsAddUpWhateverTheClocksSay) {
  Prng random(5);
  for (int i = 0; i < 100'000; ++i) {
    OperationMarks marks = Marks(random.Between(-5000, 5000), random.Between(-5000, 9000),
                                 random.Between(-5000, 20'000), random.Between(-10, 30'000));
    for (int r = 0; r < 4; ++r) marks.arrivals.Hear(r, random.Between(-50'000, 50'000), random.Between(0, 100));
    const OperationTiming timing = SplitTime(marks);
    ASSERT_EQ(timing.total_ns,
              timing.queued_ns + timing.waited_ns + timing.reduced_ns + timing.coded_ns + timing.moved_ns);
    for (int64_t part : {timing.queued_ns, timing.waited_ns, timing.reduced_ns, timing.moved_ns, timing.last_by_ns}) {
      ASSERT_GE(part, 0);
    }
  }
}

}  // namespace
}  // namespace tutti
