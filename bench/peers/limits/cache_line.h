// SPDX-License-Identifier: Apache-2.0
// How long a cache line takes from one core to another.
#ifndef TUTTI_BENCH_PEERS_LIMITS_CACHE_LINE_H_
#define TUTTI_BENCH_PEERS_LIMITS_CACHE_LINE_H_

namespace tutti::peers {

// From a write on one core until a spinning reader on the other has seen it: half a round trip, median, in ns.
double CacheLineOneWayNs(int core, int other_core);

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LIMITS_CACHE_LINE_H_
