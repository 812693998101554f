// SPDX-License-Identifier: Apache-2.0
// The whole run as JSON: on what, with what options, and every figure. Times are in nanoseconds, bandwidths in GB/s (10^9).
#ifndef TUTTI_BENCH_HARNESS_JSON_REPORT_H_
#define TUTTI_BENCH_HARNESS_JSON_REPORT_H_

#include <string>
#include <utility>
#include <vector>

#include "bench/harness/host.h"
#include "bench/harness/report.h"

namespace tutti::bench {

struct RunFacts {
  std::string program_version;
  std::string started;  // DateNow()
  Host host;            // of rank 0
  int ranks;
  std::vector<std::string> command_line;
  std::vector<std::pair<std::string, std::string>> environment;  // the TUTTI_* variables, but no secret
  MeterSettings settings;
};

std::string JsonReport(const RunFacts& facts, const std::vector<Row>& rows);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_JSON_REPORT_H_
