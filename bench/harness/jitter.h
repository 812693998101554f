// SPDX-License-Identifier: Apache-2.0
// What tutti itself says about the iterations of a measurement (tutti/telemetry.h): on what rank 0's time was spent, and who
// came last.
#ifndef TUTTI_BENCH_HARNESS_JITTER_H_
#define TUTTI_BENCH_HARNESS_JITTER_H_

#include <cstdint>
#include <string>

#include "bench/harness/report.h"
#include "tutti/tutti.hpp"

namespace tutti::bench {

// Since the communicator's last mark.
JitterFacts AskTelemetry(const Comm& comm);

// The table of tutti-bench --jitter, as text.
std::string JitterHeader();
std::string JitterLine(const Row& row);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_JITTER_H_
