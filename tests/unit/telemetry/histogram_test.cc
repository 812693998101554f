// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "lib/base/prng.h"

namespace tutti {
namespace {

constexpr double kQuantiles[] = {0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1};

void ExpectQuantilesOf(std::vector<uint64_t> values, const HistogramSnapshot& snapshot, const std::string& what) {
  std::sort(values.begin(), values.end());
  ASSERT_EQ(snapshot.count(), values.size()) << what;
  for (double q : kQuantiles) {
    const auto place = static_cast<size_t>(std::ceil(q * static_cast<double>(values.size())));
    const uint64_t exact = values[std::clamp<size_t>(place, 1, values.size()) - 1];
    const double error = std::abs(static_cast<double>(snapshot.Quantile(q)) - static_cast<double>(exact));
    EXPECT_LE(error, 0.01 * static_cast<double>(exact)) << what << ", quantile " << q << " of " << exact;
  }
  EXPECT_EQ(snapshot.max_ns(), values.back()) << what;
  EXPECT_EQ(snapshot.min_ns(), values.front()) << what;
}

HistogramSnapshot SnapshotOf(const std::vector<uint64_t>& values) {
  auto histogram = std::make_unique<Histogram>();
  for (uint64_t value : values) histogram->Add(static_cast<int64_t>(value));
  return HistogramSnapshot(*histogram);
}

TEST(Histogram, EveryValueLiesInItsBucketAndBucketsFollowEachOther) {
  for (size_t b = 0; b + 1 < Histogram::kNumBuckets; ++b) {
    const uint64_t low = Histogram::BucketLow(b);
    const uint64_t next = Histogram::BucketLow(b + 1);
    ASSERT_LT(low, next);
    ASSERT_EQ(Histogram::BucketOf(low), b);
    ASSERT_EQ(Histogram::BucketOf(next - 1), b);
    ASSERT_LE(static_cast<double>(next - 1 - low), 2 * 0.01 * static_cast<double>(low)) << "bucket " << b;
  }
  EXPECT_EQ(Histogram::BucketOf(~uint64_t{0}), Histogram::kNumBuckets - 1);
}

TEST(Histogram, QuantilesAreWithinOnePercentWhateverTheDistribution) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Prng random(seed);
    std::vector<uint64_t> uniform, exponential, two_peaks, all_scales;
    for (int i = 0; i < 100'000; ++i) {
      const double u = (static_cast<double>(random.Between(1, 1 << 30))) / static_cast<double>(1 << 30);
      uniform.push_back(static_cast<uint64_t>(random.Between(0, 1'000'000)));
      exponential.push_back(static_cast<uint64_t>(-5e4 * std::log(u)));
      two_peaks.push_back(
          static_cast<uint64_t>(random.Between(0, 9999) == 0 ? 4'000'000'000 : 450 + random.Between(0, 3)));
      all_scales.push_back(uint64_t{1} << random.Between(0, 41));
    }
    ExpectQuantilesOf(uniform, SnapshotOf(uniform), "uniform");
    ExpectQuantilesOf(exponential, SnapshotOf(exponential), "exponential");
    ExpectQuantilesOf(two_peaks, SnapshotOf(two_peaks), "two peaks");
    ExpectQuantilesOf(all_scales, SnapshotOf(all_scales), "all scales");
  }
}

TEST(Histogram, ValuesAtTheEdgesOfBucketsAndOfTheRangeAreKept) {
  std::vector<uint64_t> edges;
  for (int bit = 0; bit < 42; ++bit) {
    for (int64_t off : {-1, 0, 1})
      edges.push_back(static_cast<uint64_t>(std::max<int64_t>((int64_t{1} << bit) + off, 0)));
  }
  ExpectQuantilesOf(edges, SnapshotOf(edges), "edges");

  auto histogram = std::make_unique<Histogram>();
  histogram->Add(INT64_MAX);
  histogram->Add(-5);
  histogram->Add(INT64_MIN);
  const HistogramSnapshot snapshot(*histogram);
  EXPECT_EQ(snapshot.count(), 3u);
  EXPECT_EQ(snapshot.max_ns(), static_cast<uint64_t>(INT64_MAX));
  EXPECT_EQ(snapshot.min_ns(), 0u);
  EXPECT_EQ(snapshot.Quantile(0.5), 0u);
}

TEST(Histogram, AnEmptyOneHasZeroesAndOneValueIsAllQuantiles) {
  const HistogramSnapshot empty = SnapshotOf({});
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.Quantile(0.99), 0u);
  EXPECT_EQ(empty.min_ns(), 0u);
  EXPECT_EQ(empty.mean_ns(), 0);
  EXPECT_EQ(empty.CoefficientOfVariation(), 0);
  const HistogramSnapshot one = SnapshotOf({12'345'678});
  for (double q : kQuantiles) EXPECT_EQ(one.Quantile(q), 12'345'678u);
  EXPECT_EQ(one.CoefficientOfVariation(), 0);
}

TEST(Histogram, MergedSnapshotsAreThoseOfAllValues) {
  Prng random(11);
  std::vector<uint64_t> all;
  HistogramSnapshot merged;
  for (int rank = 0; rank < 8; ++rank) {
    std::vector<uint64_t> values;
    for (int i = 0; i < 5000; ++i)
      values.push_back(static_cast<uint64_t>(random.Between(100 * rank, 5000 + rank * 7919)));
    merged.Merge(SnapshotOf(values));
    all.insert(all.end(), values.begin(), values.end());
  }
  ExpectQuantilesOf(all, merged, "merged");
  const HistogramSnapshot whole = SnapshotOf(all);
  EXPECT_EQ(merged.mean_ns(), whole.mean_ns());
  for (double q : kQuantiles) EXPECT_EQ(merged.Quantile(q), whole.Quantile(q));
}

TEST(Histogram, MeanIsExactAndTheCoefficientOfVariationClose) {
  const HistogramSnapshot snapshot = SnapshotOf({1000, 2000, 3000, 4000, 10'000});
  EXPECT_EQ(snapshot.mean_ns(), 4000);
  EXPECT_NEAR(snapshot.CoefficientOfVariation(), 3535.53 / 4000, 0.01);
}

TEST(Histogram, ClearForgetsEverything) {
  auto histogram = std::make_unique<Histogram>();
  for (int i = 0; i < 1000; ++i) histogram->Add(i * 977);
  histogram->Clear();
  EXPECT_EQ(HistogramSnapshot(*histogram).count(), 0u);
  histogram->Add(5);
  EXPECT_EQ(HistogramSnapshot(*histogram).min_ns(), 5u);
  EXPECT_EQ(HistogramSnapshot(*histogram).max_ns(), 5u);
}

TEST(Histogram, CanBeReadWhileItIsWritten) {
  auto histogram = std::make_unique<Histogram>();
  std::atomic<bool> over{false};
  std::thread writer([&] {
    for (int i = 0; i < 200'000; ++i) histogram->Add(i % 1000);
    over.store(true);
  });
  uint64_t last = 0;
  while (!over.load()) {
    const uint64_t count = HistogramSnapshot(*histogram).count();
    EXPECT_GE(count, last);
    last = count;
  }
  writer.join();
  EXPECT_EQ(HistogramSnapshot(*histogram).count(), 200'000u);
}

}  // namespace
}  // namespace tutti
