// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/histogram.h"

#include <algorithm>
#include <cmath>

namespace tutti {
namespace {

double MiddleOf(size_t bucket) {
  return (static_cast<double>(Histogram::BucketLow(bucket)) + static_cast<double>(Histogram::BucketLow(bucket + 1)) -
          1) /
         2;
}

}  // namespace

void Histogram::Clear() {
  for (Tally& bucket : buckets_) bucket.Set(0);
  sum_.Set(0);
  max_.Set(0);
  min_.Set(~uint64_t{0});
}

HistogramSnapshot::HistogramSnapshot() : buckets_(std::make_unique<std::array<uint64_t, Histogram::kNumBuckets>>()) {}

HistogramSnapshot::HistogramSnapshot(const Histogram& histogram) : HistogramSnapshot() {
  for (size_t b = 0; b < Histogram::kNumBuckets; ++b) {
    (*buckets_)[b] = histogram.CountIn(b);
    count_ += (*buckets_)[b];
  }
  sum_ = histogram.sum_ns();
  min_ = histogram.min_ns();
  max_ = histogram.max_ns();
}

void HistogramSnapshot::Merge(const HistogramSnapshot& other) {
  for (size_t b = 0; b < Histogram::kNumBuckets; ++b) (*buckets_)[b] += other.CountIn(b);
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void HistogramSnapshot::Add(int64_t value_ns, uint64_t weight) {
  if (weight == 0) return;
  const auto value = static_cast<uint64_t>(std::max<int64_t>(value_ns, 0));
  (*buckets_)[Histogram::BucketOf(value)] += weight;
  count_ += weight;
  sum_ += weight * value;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

double HistogramSnapshot::mean_ns() const {
  return count_ > 0 ? static_cast<double>(sum_) / static_cast<double>(count_) : 0;
}

double HistogramSnapshot::CoefficientOfVariation() const {
  const double mean = mean_ns();
  if (count_ < 2 || mean <= 0) return 0;
  double squares = 0;
  for (size_t b = 0; b < Histogram::kNumBuckets; ++b) {
    if (CountIn(b) == 0) continue;
    const double away = std::clamp(MiddleOf(b), static_cast<double>(min_), static_cast<double>(max_)) - mean;
    squares += static_cast<double>(CountIn(b)) * away * away;
  }
  return std::sqrt(squares / static_cast<double>(count_ - 1)) / mean;
}

uint64_t HistogramSnapshot::Quantile(double q) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
  uint64_t left = std::clamp<uint64_t>(static_cast<uint64_t>(wanted), 1, count_);
  // The ends are known exactly.
  if (left == count_) return max_;
  if (left == 1) return min_;
  for (size_t b = 0; b < Histogram::kNumBuckets; ++b) {
    if (left <= CountIn(b)) return std::clamp(static_cast<uint64_t>(MiddleOf(b)), min_, max_);
    left -= CountIn(b);
  }
  return max_;
}

}  // namespace tutti
