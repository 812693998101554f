// SPDX-License-Identifier: Apache-2.0
#include "lib/base/tick_scale.h"

#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "lib/base/clock.h"
#include "lib/base/near_clock.h"
#include "lib/base/prng.h"
#include "lib/base/raw_clock.h"

namespace tutti {
namespace {

// A counter of 2.7 GHz that began long ago, read with an error of up to `noise_ns`.
class Counter {
 public:
  explicit Counter(uint64_t seed, double ghz = 2.7) : random_(seed), ghz_(ghz) {}
  uint64_t TicksAt(int64_t ns) const {
    return kBegin + static_cast<uint64_t>(static_cast<int64_t>(static_cast<double>(ns) * ghz_));
  }
  TickScale::Sample SampleAt(int64_t ns, int64_t noise_ns = 30) {
    return {TicksAt(ns + random_.Between(-noise_ns, noise_ns)), 100, ns + kEpochNs};
  }
  static constexpr int64_t kEpochNs = 86'400 * kNsPerSecond;

 private:
  static constexpr uint64_t kBegin = ~uint64_t{0} - 5'000'000'000;  // wraps round during the test
  Prng random_;
  double ghz_;
};

TEST(TickScale, FollowsTheReferenceToWithinAReadingsError) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    Counter counter(seed);
    TickScale scale;
    ASSERT_TRUE(scale.Start(counter.SampleAt(0), counter.SampleAt(200'000)));
    int64_t last_ns = 0;
    for (int64_t now_ns = 200'000; now_ns < 5 * kNsPerSecond; now_ns += 40'000 + now_ns / 50) {
      if (scale.WantsCorrection(counter.TicksAt(now_ns))) {
        ASSERT_TRUE(scale.Correct(counter.SampleAt(now_ns)));
      }
      const int64_t read_ns = scale.NsAt(counter.TicksAt(now_ns));
      EXPECT_LE(std::abs(read_ns - Counter::kEpochNs - now_ns), 200) << "seed " << seed << " at " << now_ns;
      EXPECT_GE(read_ns, last_ns);
      last_ns = read_ns;
    }
    EXPECT_NEAR(scale.ticks_per_second(), 2.7e9, 2.7e9 * 1e-6);
    EXPECT_LE(scale.worst_error_ns(), 200);
  }
}

TEST(TickScale, NeverTakesBackTimeAlthoughSamplesAreNoisy) {
  Counter counter(7);
  TickScale scale;
  ASSERT_TRUE(scale.Start(counter.SampleAt(0), counter.SampleAt(200'000)));
  int64_t last_ns = 0;
  for (int64_t now_ns = 200'000; now_ns < kNsPerSecond; now_ns += 10'000) {
    if (scale.WantsCorrection(counter.TicksAt(now_ns))) {
      ASSERT_TRUE(scale.Correct(counter.SampleAt(now_ns, 2'000)));
    }
    const int64_t read_ns = scale.NsAt(counter.TicksAt(now_ns));
    ASSERT_GE(read_ns, last_ns) << "at " << now_ns;
    last_ns = read_ns;
  }
}

TEST(TickScale, GoesOnAfterAnHourInWhichNobodyAsked) {
  Counter counter(3);
  TickScale scale;
  ASSERT_TRUE(scale.Start(counter.SampleAt(0), counter.SampleAt(200'000)));
  for (int64_t now_ns = 400'000; now_ns < 2 * kNsPerSecond; now_ns *= 2) {
    ASSERT_TRUE(scale.Correct(counter.SampleAt(now_ns)));
  }
  const int64_t later_ns = 3600 * kNsPerSecond;
  ASSERT_TRUE(scale.WantsCorrection(counter.TicksAt(later_ns)));
  ASSERT_TRUE(scale.Correct(counter.SampleAt(later_ns)));
  EXPECT_LE(std::abs(scale.NsAt(counter.TicksAt(later_ns)) - Counter::kEpochNs - later_ns), 1'000'000);
  // Even if the scale was ahead by then, it is right again an interval later.
  const int64_t then_ns = later_ns + 200 * kNsPerMs;
  ASSERT_TRUE(scale.Correct(counter.SampleAt(then_ns)));
  EXPECT_LE(std::abs(scale.NsAt(counter.TicksAt(then_ns)) - Counter::kEpochNs - then_ns), 1000);
}

TEST(TickScale, DistrustsACounterThatJumpsStopsOrChangesItsRate) {
  const auto started = [](Counter& counter, TickScale& scale) {
    return scale.Start(counter.SampleAt(0), counter.SampleAt(200'000)) && scale.Correct(counter.SampleAt(400'000));
  };
  {
    Counter counter(1);
    TickScale scale;
    ASSERT_TRUE(started(counter, scale));
    TickScale::Sample forward = counter.SampleAt(800'000);
    forward.ticks += 2'700'000;  // a millisecond
    EXPECT_FALSE(scale.Correct(forward));
  }
  {
    Counter counter(1);
    TickScale scale;
    ASSERT_TRUE(started(counter, scale));
    TickScale::Sample backward = counter.SampleAt(800'000);
    backward.ticks -= 27'000'000'000;
    EXPECT_FALSE(scale.Correct(backward));
  }
  {
    Counter counter(1);
    TickScale scale;
    ASSERT_TRUE(started(counter, scale));
    TickScale::Sample stopped = counter.SampleAt(400'001, 0);
    stopped.reference_ns += kNsPerSecond;
    EXPECT_FALSE(scale.Correct(stopped));
  }
  {
    Counter counter(1);
    TickScale scale;
    ASSERT_TRUE(started(counter, scale));
    Counter slower(1, 2.6);
    TickScale::Sample slow = counter.SampleAt(400'000);
    slow.ticks += slower.TicksAt(100 * kNsPerMs) - slower.TicksAt(0);
    slow.reference_ns += 100 * kNsPerMs;
    EXPECT_FALSE(scale.Correct(slow));
  }
}

TEST(TickScale, RefusesToStartWithACounterThatDoesNotRun) {
  TickScale scale;
  EXPECT_FALSE(scale.Start({1000, 10, 0}, {1000, 10, 200'000}));
  EXPECT_FALSE(scale.Start({1000, 10, 0}, {900, 10, 200'000}));
  EXPECT_FALSE(scale.Start({1000, 10, 0}, {500'000, 10, 1'000}));
}

TEST(TickScale, AnInterruptedSampleIsNotBelieved) {
  Counter counter(5);
  TickScale scale;
  ASSERT_TRUE(scale.Start(counter.SampleAt(0), counter.SampleAt(200'000)));
  ASSERT_TRUE(scale.Correct(counter.SampleAt(400'000)));
  TickScale::Sample interrupted = counter.SampleAt(800'000);
  interrupted.ticks += 2'700'000;
  interrupted.uncertain_ticks = 2'800'000;
  EXPECT_TRUE(scale.Correct(interrupted));
  EXPECT_LE(std::abs(scale.NsAt(counter.TicksAt(900'000)) - Counter::kEpochNs - 900'000), 500);
}

TEST(TickScale, CanBeReadWhileItIsCorrected) {
  Counter counter(8);
  TickScale scale;
  ASSERT_TRUE(scale.Start(counter.SampleAt(0), counter.SampleAt(200'000)));
  std::atomic<int64_t> now_ns{200'000};
  std::thread reader([&] {
    int64_t last_ns = 0;
    while (last_ns < kNsPerSecond) {
      last_ns = now_ns.load();
      // What another thread has corrected meanwhile may be ahead; torn numbers would be off by far more.
      EXPECT_LE(std::abs(scale.NsAt(counter.TicksAt(last_ns)) - Counter::kEpochNs - last_ns), 500);
    }
  });
  for (int64_t ns = 200'000; ns <= kNsPerSecond; ns += 10'000) {
    EXPECT_TRUE(scale.Correct(counter.SampleAt(ns)));
    now_ns.store(ns);
  }
  reader.join();
}

TEST(TickScale, ItsLineIsTheScaleUntilACorrectionIsDue) {
  Counter counter(3);
  TickScale scale;
  EXPECT_FALSE(TickLine().Holds(counter.TicksAt(0)));
  ASSERT_TRUE(scale.Start(counter.SampleAt(0), counter.SampleAt(200'000)));
  const TickLine line = scale.line();
  const uint64_t early = counter.TicksAt(300'000);
  const uint64_t late = counter.TicksAt(500'000);
  EXPECT_TRUE(line.Holds(early));
  EXPECT_EQ(line.NsAt(early), scale.NsAt(early));
  EXPECT_TRUE(scale.WantsCorrection(late));
  EXPECT_FALSE(line.Holds(late));
  EXPECT_FALSE(line.Holds(line.anchor_ticks - 1)) << "a core whose counter is behind asks the clock itself";
}

// A clock of which a test says what its counter is worth.
class LinedClock final : public Clock {
 public:
  int64_t NowNs() override {
    ++asked;
    return 1'000;
  }
  TickLine Line() const override { return line; }
  TickLine line;
  int asked = 0;
};

TEST(NearClock, AsksTheClockOnlyWhereTheCounterSaysNothing) {
  LinedClock clock;
  NearClock near(clock);
  EXPECT_EQ(near.NowNs(), 1'000);
  EXPECT_EQ(near.NowNs(), 1'000);
  EXPECT_EQ(clock.asked, 2);

#if defined(__x86_64__)
  clock.line = {ReadCounter(), ~uint64_t{0} / 2, 5'000, 0};  // time stands still
  EXPECT_EQ(near.NowNs(), 1'000);
  EXPECT_EQ(near.NowNs(), 5'000);
  EXPECT_EQ(near.NowNs(), 5'000);
  EXPECT_EQ(clock.asked, 3);
#endif
}

TEST(NearClock, ShowsTheTimeOfTheRawClock) {
  NearClock near(RawClock());
  const int64_t end_ns = RawClock().NowNs() + 300 * kNsPerMs;  // some corrections
  for (;;) {
    const int64_t before_ns = RawClock().NowNs();
    const int64_t near_ns = near.NowNs();
    const int64_t after_ns = RawClock().NowNs();
    ASSERT_GE(near_ns, before_ns - 20 * kNsPerUs);
    ASSERT_LE(near_ns, after_ns + 20 * kNsPerUs);
    if (after_ns > end_ns) break;
  }
}

TEST(RawClock, AgreesWithTheKernelAndNeverRunsBackwards) {
  int64_t last_ns = RawClock().NowNs();
  for (int i = 0; i < 100'000; ++i) {
    const int64_t now_ns = RawClock().NowNs();
    ASSERT_GE(now_ns, last_ns);
    last_ns = now_ns;
  }
  const RawClockInfo info = DescribeRawClock();
  EXPECT_EQ(info.why_not.empty(), info.reads_counter);
  for (int i = 0; i < 1000; ++i) {
    timespec kernel = {};
    const int64_t before_ns = RawClock().NowNs();
    clock_gettime(CLOCK_MONOTONIC_RAW, &kernel);
    const int64_t after_ns = RawClock().NowNs();
    const int64_t kernel_ns = static_cast<int64_t>(kernel.tv_sec) * kNsPerSecond + kernel.tv_nsec;
    ASSERT_LE(before_ns, kernel_ns + 5'000);
    ASSERT_GE(after_ns, kernel_ns - 5'000);
  }
}

}  // namespace
}  // namespace tutti
