// SPDX-License-Identifier: Apache-2.0
#include "bench/harness/report.h"

namespace tutti::bench {

Summary Summarize(const std::vector<Row>& rows, int ranks) {
  Summary summary;
  int measurements = 0;
  for (const Row& row : rows) {
    for (const auto* m : {&row.out_of_place, &row.in_place}) {
      if (!m->has_value()) continue;
      ++measurements;
      summary.wrong += (*m)->wrong;
      summary.mean_bus_bandwidth += BusBandwidth(row, **m, ranks);
    }
  }
  if (measurements > 0) summary.mean_bus_bandwidth /= measurements;
  return summary;
}

}  // namespace tutti::bench
