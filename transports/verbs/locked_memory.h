// SPDX-License-Identifier: Apache-2.0
// How much memory this process may pin: the commonest reason why RDMA fails where everything else works.
#ifndef TUTTI_TRANSPORTS_VERBS_LOCKED_MEMORY_H_
#define TUTTI_TRANSPORTS_VERBS_LOCKED_MEMORY_H_

#include <cstdint>
#include <string>

namespace tutti::verbs {

inline constexpr uint64_t kUnlimited = UINT64_MAX;

// Below this a job that works over TCP may well fail over RDMA, as its buffers cannot be registered.
inline constexpr uint64_t kAmpleLockedBytes = uint64_t{1} << 30;

// By `ulimit -l`, which does not bind privileged processes (CAP_IPC_LOCK).
uint64_t LockableBytes();

// "up to 8 MiB of memory may be locked (ulimit -l), ..., and what to do"; "" if there is enough.
std::string LockedMemoryWarning(uint64_t lockable_bytes);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_LOCKED_MEMORY_H_
