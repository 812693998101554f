// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/statistics.h"

#include <gtest/gtest.h>

#include <numeric>

namespace tutti::bench {
namespace {

Samples OneTo(int64_t last) {
  std::vector<int64_t> values(static_cast<size_t>(last));
  std::iota(values.rbegin(), values.rend(), 1);  // not sorted
  return Samples(values);
}

TEST(Statistics, PercentilesAreSamplesThatOccurred) {
  const Samples samples = OneTo(1000);
  EXPECT_EQ(samples.PercentileNs(0), 1);
  EXPECT_EQ(samples.PercentileNs(50), 500);
  EXPECT_EQ(samples.PercentileNs(99), 990);
  EXPECT_EQ(samples.PercentileNs(99.9), 999);
  EXPECT_EQ(samples.PercentileNs(99.99), 1000);
  EXPECT_EQ(samples.PercentileNs(100), 1000);
}

TEST(Statistics, FewSamplesHaveTheirLargestInTheTail) {
  const Samples samples({30, 10, 20});
  EXPECT_EQ(samples.PercentileNs(50), 20);
  EXPECT_EQ(samples.PercentileNs(99), 30);
  EXPECT_EQ(Samples({7}).PercentileNs(50), 7);
}

TEST(Statistics, MeanAndDeviation) {
  const Samples samples({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_DOUBLE_EQ(samples.MeanNs(), 5);
  EXPECT_DOUBLE_EQ(samples.DeviationNs(), 2);
}

}  // namespace
}  // namespace tutti::bench
