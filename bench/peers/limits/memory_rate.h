// SPDX-License-Identifier: Apache-2.0
// How fast cores copy and add float32 arrays, alone and all together.
#ifndef TUTTI_BENCH_PEERS_LIMITS_MEMORY_RATE_H_
#define TUTTI_BENCH_PEERS_LIMITS_MEMORY_RATE_H_

#include <cstddef>
#include <vector>

namespace tutti::peers {

enum class MemoryTask { kCopy, kAdd };  // a[i] = b[i]; a[i] += b[i]

// Bytes of `a` per second, of all given cores together, each with arrays of its own of `array_bytes` each. The best of
// several passes: the limit is wanted, not what disturbs.
double MemoryRate(MemoryTask task, size_t array_bytes, const std::vector<int>& cores);

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LIMITS_MEMORY_RATE_H_
