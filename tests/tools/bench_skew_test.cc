// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/skew.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace tutti::bench {
namespace {

TEST(Skew, IsParsedWithItsUnit) {
  EXPECT_EQ(ParseSkew("none")->kind, Skew::Kind::kNone);
  EXPECT_EQ(ParseSkew("uniform:100us")->time_ns, 100'000);
  EXPECT_EQ(ParseSkew("exp:1.5ms")->time_ns, 1'500'000);
  EXPECT_EQ(ParseSkew("one:2s")->kind, Skew::Kind::kOne);
  for (const char* wrong : {"", "uniform", "uniform:", "uniform:5", "uniform:-5us", "one:11s", "exp:nanms", "late:5ms",
                            "one:5 ms", "exp:0ns", "exp:1e300s"}) {
    EXPECT_FALSE(ParseSkew(wrong).has_value()) << wrong;
  }
}

TEST(Skew, OneRankIsLateAndNotAlwaysTheSame) {
  const Skew skew = *ParseSkew("one:2ms");
  std::set<int> late_ranks;
  for (uint64_t iteration = 0; iteration < 200; ++iteration) {
    int late = 0;
    for (int rank = 0; rank < 5; ++rank) {
      const int64_t delay_ns = skew.DelayNs(iteration, rank, 5);
      EXPECT_TRUE(delay_ns == 0 || delay_ns == 2'000'000);
      EXPECT_EQ(delay_ns, skew.DelayNs(iteration, rank, 5));
      if (delay_ns == 0) continue;
      ++late;
      late_ranks.insert(rank);
    }
    EXPECT_EQ(late, 1);
  }
  EXPECT_EQ(late_ranks.size(), 5u);
}

TEST(Skew, DistributionsHaveTheirMeans) {
  double uniform = 0, exponential = 0;
  constexpr int kCount = 100'000;
  for (int i = 0; i < kCount; ++i) {
    const int64_t u = ParseSkew("uniform:1ms")->DelayNs(static_cast<uint64_t>(i) / 4, i % 4, 4);
    EXPECT_GE(u, 0);
    EXPECT_LE(u, 1'000'000);
    uniform += static_cast<double>(u);
    exponential += static_cast<double>(ParseSkew("exp:1ms")->DelayNs(static_cast<uint64_t>(i) / 4, i % 4, 4));
  }
  EXPECT_NEAR(uniform / kCount, 0.5e6, 0.01e6);
  EXPECT_NEAR(exponential / kCount, 1e6, 0.02e6);
}

}  // namespace
}  // namespace tutti::bench
