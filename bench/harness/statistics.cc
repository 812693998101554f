// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tutti::bench {

Samples::Samples(std::vector<int64_t> values_ns) : sorted_(std::move(values_ns)) {
  std::sort(sorted_.begin(), sorted_.end());
}

int64_t Samples::PercentileNs(double percent) const {
  // The subtraction undoes what binary fractions add: 99.9 % of 1000 is rank 999, not 1000.
  const double rank = std::ceil(percent / 100 * static_cast<double>(sorted_.size()) - 1e-9);
  const size_t place = static_cast<size_t>(std::max(rank, 1.0)) - 1;
  return sorted_[std::min(place, sorted_.size() - 1)];
}

double Samples::MeanNs() const {
  return std::accumulate(sorted_.begin(), sorted_.end(), 0.0) / static_cast<double>(sorted_.size());
}

double Samples::DeviationNs() const {
  const double mean = MeanNs();
  double squares = 0;
  for (const int64_t value : sorted_)
    squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
  return std::sqrt(squares / static_cast<double>(sorted_.size()));
}

}  // namespace tutti::bench
