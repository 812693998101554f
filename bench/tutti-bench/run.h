// SPDX-License-Identifier: Apache-2.0
// One rank's share of a benchmark run.
#ifndef TUTTI_BENCH_TUTTI_BENCH_RUN_H_
#define TUTTI_BENCH_TUTTI_BENCH_RUN_H_

#include "bench/tutti-bench/options.h"

namespace tutti::bench {

// Joins the job, measures, and on rank 0 prints. Returns the exit status. Throws nothing.
int RunRank(const Options& options);

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_TUTTI_BENCH_RUN_H_
