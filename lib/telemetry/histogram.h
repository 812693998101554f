// SPDX-License-Identifier: Apache-2.0
// A streaming histogram of durations in fixed memory: log-linear, so that every quantile, up to the maximum, is known to
// within 1 % of its value. Mergeable. It knows numbers, nothing of who measured them.
//
//   bucket:  0 1 2 ... 63 | 64 65 ... 127 | 128 130 ... 254 | 256 260 ... |   below 64 ns exact, then 64 buckets for each
//   width :      1        |      1        |       2         |     4       |   doubling: a bucket is 1.6 % wide, its middle
//                                                                             at most 0.8 % away from what is in it
//
// THREADS. Add, Clear: one at a time, plain stores. The rest: any thread, at any time; a reader may see some of the values
// that are being added.
#ifndef TUTTI_LIB_TELEMETRY_HISTOGRAM_H_
#define TUTTI_LIB_TELEMETRY_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tutti {

// 64-bit totals that one thread writes and any thread reads, for the price of plain ones.
class Tally {
 public:
  explicit Tally(uint64_t value = 0) : value_(value) {}
  void Add(uint64_t n) { value_.store(get() + n, std::memory_order_relaxed); }
  void Set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  void Raise(uint64_t n) {
    if (n > get()) Set(n);
  }
  uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_;
};

class Histogram {
 public:
  static constexpr int kSubBits = 6;  // 64 buckets for each doubling
  static constexpr uint64_t kSubBuckets = uint64_t{1} << kSubBits;
  static constexpr int kMaxBits = 42;  // values from 2^42 ns (73 minutes) on share the last bucket
  static constexpr size_t kNumBuckets = kSubBuckets * (kMaxBits - kSubBits + 1);

  // `weight` times; negative durations count as 0.
  void Add(int64_t value_ns, uint64_t weight = 1) {
    const auto value = static_cast<uint64_t>(value_ns < 0 ? 0 : value_ns);
    buckets_[BucketOf(value)].Add(weight);
    sum_.Add(weight * value);
    max_.Raise(value);
    if (value < min_.get()) min_.Set(value);
  }
  // `n` values, next(0) to next(n - 1), for fewer stores. Returns their sum.
  template <typename Next>
  uint64_t AddAll(size_t n, Next next) {
    uint64_t sum = 0;
    uint64_t max = max_.get();
    uint64_t min = min_.get();
    for (size_t i = 0; i < n; ++i) {
      const int64_t value_ns = next(i);
      const auto value = static_cast<uint64_t>(value_ns < 0 ? 0 : value_ns);
      buckets_[BucketOf(value)].Add(1);
      sum += value;
      max = value > max ? value : max;
      min = value < min ? value : min;
    }
    sum_.Add(sum);
    max_.Set(max);
    min_.Set(min);
    return sum;
  }
  void Clear();

  static constexpr size_t BucketOf(uint64_t value) {
    if (value < kSubBuckets) return static_cast<size_t>(value);
    const int top = 63 - std::countl_zero(value);
    if (top >= kMaxBits) return kNumBuckets - 1;
    return static_cast<size_t>(static_cast<uint64_t>(top - kSubBits) * kSubBuckets + (value >> (top - kSubBits)));
  }
  // The values of bucket b are those from BucketLow(b) to BucketLow(b + 1) - 1.
  static constexpr uint64_t BucketLow(size_t bucket) {
    if (bucket < 2 * kSubBuckets) return bucket;
    const size_t shift = bucket / kSubBuckets - 1;
    return (kSubBuckets + bucket % kSubBuckets) << shift;
  }

  uint64_t CountIn(size_t bucket) const { return buckets_[bucket].get(); }
  uint64_t sum_ns() const { return sum_.get(); }
  uint64_t max_ns() const { return max_.get(); }
  uint64_t min_ns() const { return min_.get(); }  // UINT64_MAX while empty

 private:
  // Beside what the owner has in front of the histogram: one cache line less for each value.
  Tally sum_;
  Tally max_;
  Tally min_{~uint64_t{0}};
  std::array<Tally, kNumBuckets> buckets_;
};

// What a histogram held at one moment. Values can be asked for, and those of several ranks added up.
class HistogramSnapshot {
 public:
  HistogramSnapshot();
  explicit HistogramSnapshot(const Histogram& histogram);

  void Merge(const HistogramSnapshot& other);
  void Add(int64_t value_ns, uint64_t weight);

  uint64_t count() const { return count_; }
  uint64_t min_ns() const { return count_ > 0 ? min_ : 0; }
  uint64_t max_ns() const { return max_; }
  double mean_ns() const;
  // Standard deviation over mean, from the buckets' middles; 0 while there are fewer than two values.
  double CoefficientOfVariation() const;
  // The value that `q` (0 to 1) of all values are at most: the ceil(q * count)-th smallest, to within 1 %. 0 while empty.
  uint64_t Quantile(double q) const;
  uint64_t CountIn(size_t bucket) const { return (*buckets_)[bucket]; }

 private:
  std::unique_ptr<std::array<uint64_t, Histogram::kNumBuckets>> buckets_;
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  uint64_t min_ = ~uint64_t{0};
  uint64_t max_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_HISTOGRAM_H_
