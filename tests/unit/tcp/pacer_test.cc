// SPDX-License-Identifier: Apache-2.0
#include "transports/tcp/pacer.h"

#include <gtest/gtest.h>

namespace tutti::tcp {
namespace {

TEST(Pacer, WithoutALimitThereIsNone) { EXPECT_FALSE(Pacer(0).limits()); }

TEST(Pacer, KeepsTheMeanWhateverIsWrittenAtOnce) {
  Pacer pacer(1'000'000'000);  // a byte a nanosecond
  int64_t now_ns = 5'000;
  uint64_t written = 0;
  const int64_t begin_ns = now_ns;
  for (int i = 0; i < 100; ++i) {
    if (!pacer.MayWrite(now_ns, false)) now_ns = pacer.ReadyNs();
    ASSERT_TRUE(pacer.MayWrite(now_ns, true));
    const uint64_t bytes = i % 3 == 0 ? 700'000 : 10;
    pacer.Wrote(bytes);
    written += bytes;
  }
  if (!pacer.MayWrite(now_ns, false)) now_ns = pacer.ReadyNs();
  EXPECT_NEAR(static_cast<double>(now_ns - begin_ns), static_cast<double>(written), 2000);
}

TEST(Pacer, SavesUpNoMoreThanAMillisecond) {
  Pacer pacer(1'000'000'000);
  EXPECT_TRUE(pacer.MayWrite(0, false));
  EXPECT_TRUE(pacer.MayWrite(60'000'000'000, false));
  pacer.Wrote(1'000'001);
  EXPECT_FALSE(pacer.MayWrite(60'000'000'000, false));
}

TEST(Pacer, MakesUpForBeingLateWhileSomethingWaits) {
  Pacer pacer(1'000'000'000);
  EXPECT_TRUE(pacer.MayWrite(0, false));
  pacer.Wrote(1000);
  EXPECT_FALSE(pacer.MayWrite(10, true));
  EXPECT_TRUE(pacer.MayWrite(50'000'000, true));  // 50 ms later instead of 1 us
  pacer.Wrote(49'998'000);
  EXPECT_TRUE(pacer.MayWrite(50'000'000, false));
  pacer.Wrote(2000);
  EXPECT_FALSE(pacer.MayWrite(50'000'000, false));
}

}  // namespace
}  // namespace tutti::tcp
