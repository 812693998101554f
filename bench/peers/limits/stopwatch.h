// SPDX-License-Identifier: Apache-2.0
// The clock of all limits: CLOCK_MONOTONIC, as in the loop.
#ifndef TUTTI_BENCH_PEERS_LIMITS_STOPWATCH_H_
#define TUTTI_BENCH_PEERS_LIMITS_STOPWATCH_H_

#include <chrono>
#include <cstdint>

namespace tutti::peers {

inline int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LIMITS_STOPWATCH_H_
