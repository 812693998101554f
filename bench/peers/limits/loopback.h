// SPDX-License-Identifier: Apache-2.0
// What TCP over the loopback interface can do between two cores with nothing around it.
#ifndef TUTTI_BENCH_PEERS_LIMITS_LOOPBACK_H_
#define TUTTI_BENCH_PEERS_LIMITS_LOOPBACK_H_

namespace tutti::peers {

enum class SocketWait { kPoll, kBlock };  // recv again and again, or sleep in it

// 8 bytes there and back, median, in ns.
double LoopbackRoundTripNs(SocketWait wait, int core, int other_core);

// Bytes per second of one connection in one direction.
double LoopbackStreamRate(int core, int other_core);

}  // namespace tutti::peers

#endif  // TUTTI_BENCH_PEERS_LIMITS_LOOPBACK_H_
