// SPDX-License-Identifier: Apache-2.0
// Exact figures from stored samples.
#ifndef TUTTI_BENCH_HARNESS_STATISTICS_H_
#define TUTTI_BENCH_HARNESS_STATISTICS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tutti::bench {

class Samples {
 public:
  Samples() = default;
  explicit Samples(std::vector<int64_t> values_ns);

  bool empty() const { return sorted_.empty(); }
  size_t count() const { return sorted_.size(); }

  // The smallest sample such that at least `percent` of all samples are not above it (nearest rank, no interpolation): a
  // value that really occurred. 0 gives the smallest, 100 the largest. Not when empty.
  int64_t PercentileNs(double percent) const;
  double MeanNs() const;
  double DeviationNs() const;  // of the population

 private:
  std::vector<int64_t> sorted_;
};

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_STATISTICS_H_
