// SPDX-License-Identifier: Apache-2.0
// The measuring rule, the same for every library. One iteration is:
//
//   fill the send buffer with fresh data      not timed: nobody profits from a buffer that has not changed
//   barrier in the harness's own memory       not timed: all ranks start together, whatever the library did before
//   clock; all_reduce; clock                  CLOCK_MONOTONIC, read without a system call where the kernel allows
//   in some iterations: check the result
//
// The time of an iteration is that of the rank that took longest. Nothing is averaged: percentiles are iterations that
// occurred.
#ifndef TUTTI_BENCH_PEERS_LOOP_LOOP_H_
#define TUTTI_BENCH_PEERS_LOOP_LOOP_H_

#include <cstddef>
#include <cstdint>

#include "bench/harness/statistics.h"
#include "bench/peers/loop/library.h"
#include "bench/peers/loop/region.h"

namespace tutti::peers {

struct LoopSettings {
  size_t max_iterations = 20'000;   // per size
  size_t min_iterations = 5;        // even if they take longer than the budget
  int64_t budget_ns = 500'000'000;  // of a size, everything that is repeated included
};

struct SizeResult {
  size_t bytes = 0;
  size_t iterations = 0;
  size_t checked = 0;    // iterations whose result was looked at, warm-up included
  uint64_t wrong = 0;    // elements, over all of these and all ranks
  bench::Samples times;  // one per iteration: the slowest rank's; on rank 0 only
};

// Measures one size. Called by all ranks alike. `send` and `recv` are the same buffer for a library that works in
// place.
SizeResult MeasureSize(Library* library, Region* region, const LoopSettings& settings, float* send, float* recv,
                       size_t bytes);

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LOOP_LOOP_H_
