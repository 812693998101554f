// SPDX-License-Identifier: Apache-2.0
// What a message costs over TCP in system calls and copies, counted rather than timed.
#ifndef TUTTI_BENCH_TRANSPORTS_TCP_COUNTS_H_
#define TUTTI_BENCH_TRANSPORTS_TCP_COUNTS_H_

namespace tutti::bench {

// Prints a table to stdout. Both ends are polled in one thread, and only while they have something to do, so that no
// system call is one that merely waits. False if an end could not be made or a message got lost.
bool PrintTcpCounts();

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_TRANSPORTS_TCP_COUNTS_H_
