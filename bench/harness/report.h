// SPDX-License-Identifier: Apache-2.0
// What a run of the benchmark has found, for people (table.h) and for programs (json_report.h).
#ifndef TUTTI_BENCH_HARNESS_REPORT_H_
#define TUTTI_BENCH_HARNESS_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/harness/meter.h"
#include "bench/harness/operation.h"

namespace tutti::bench {

struct Row {
  Call call;
  std::string algorithm;  // "": tutti's choice
  std::string codec;      // "": not spoken of
  uint64_t bytes;         // of the larger buffer
  bool checked;
  std::optional<Measurement> out_of_place;
  std::optional<Measurement> in_place;
};

// GB/s (10^9); 0 if nothing was moved.
inline double AlgorithmBandwidth(const Row& row, const Measurement& m) {
  return m.time_ns > 0 ? static_cast<double>(row.bytes) / m.time_ns : 0;
}
inline double BusBandwidth(const Row& row, const Measurement& m, int ranks) {
  return AlgorithmBandwidth(row, m) * row.call.operation->BusFactor(ranks);
}

struct Summary {
  uint64_t wrong = 0;
  double mean_bus_bandwidth = 0;  // GB/s, over all measurements
};

Summary Summarize(const std::vector<Row>& rows, int ranks);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_REPORT_H_
