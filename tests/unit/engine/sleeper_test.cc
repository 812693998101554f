// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/sleeper.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "lib/base/clock.h"

namespace tutti {
namespace {

TEST(Sleeper, RingAfterAnnounceEndsTheSleepAtOnce) {
  auto sleeper = Sleeper::Create();
  ASSERT_TRUE(sleeper.ok()) << sleeper.status();
  (*sleeper)->Announce();
  (*sleeper)->Ring();
  const int64_t begin_ns = MonotonicClock().NowNs();
  (*sleeper)->Sleep(kNsPerSecond);
  EXPECT_LT(MonotonicClock().NowNs() - begin_ns, kNsPerSecond / 2);
}

TEST(Sleeper, SleepsNoLongerThanItsTimeout) {
  auto sleeper = Sleeper::Create();
  ASSERT_TRUE(sleeper.ok()) << sleeper.status();
  const int64_t begin_ns = MonotonicClock().NowNs();
  (*sleeper)->Announce();
  (*sleeper)->Sleep(5 * kNsPerMs);
  EXPECT_GE(MonotonicClock().NowNs() - begin_ns, 4 * kNsPerMs);
}

TEST(Sleeper, AWatchedDescriptorWakesIt) {
  auto sleeper = Sleeper::Create();
  ASSERT_TRUE(sleeper.ok()) << sleeper.status();
  UniqueFd event(::eventfd(1, EFD_CLOEXEC));
  ASSERT_TRUE((*sleeper)->Watch(event.get()).ok());
  const int64_t begin_ns = MonotonicClock().NowNs();
  (*sleeper)->Announce();
  (*sleeper)->Sleep(kNsPerSecond);
  EXPECT_LT(MonotonicClock().NowNs() - begin_ns, kNsPerSecond / 2);
}

TEST(Sleeper, NoRingIsLostBetweenThreads) {
  auto sleeper = Sleeper::Create();
  ASSERT_TRUE(sleeper.ok()) << sleeper.status();
  constexpr int kRounds = 2000;
  std::atomic<int> published{0};
  std::atomic<int> taken{0};
  std::thread producer([&] {
    for (int i = 1; i <= kRounds; ++i) {
      published.store(i, std::memory_order_seq_cst);
      (*sleeper)->Ring();
      while (taken.load(std::memory_order_acquire) < i) std::this_thread::yield();
    }
  });
  const int64_t begin_ns = MonotonicClock().NowNs();
  for (int i = 1; i <= kRounds; ++i) {
    while (published.load(std::memory_order_seq_cst) < i) {
      (*sleeper)->Announce();
      if (published.load(std::memory_order_seq_cst) >= i) {
        (*sleeper)->Cancel();
      } else {
        (*sleeper)->Sleep(kNsPerSecond);
      }
    }
    taken.store(i, std::memory_order_release);
  }
  producer.join();
  // A lost ring would cost a whole second.
  EXPECT_LT(MonotonicClock().NowNs() - begin_ns, 60 * kNsPerSecond);
}

}  // namespace
}  // namespace tutti
