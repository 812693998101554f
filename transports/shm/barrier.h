// SPDX-License-Identifier: Apache-2.0
// Who publishes must not miss that its peer goes to sleep, and who goes to sleep must not miss what is published. Both
// store, then look at what the other stores; without a barrier between the two, both may miss. Publishing is the common
// case, so the barrier is paid by the sleeper alone where the kernel can make others take part (membarrier).
#ifndef TUTTI_TRANSPORTS_SHM_BARRIER_H_
#define TUTTI_TRANSPORTS_SHM_BARRIER_H_

namespace tutti::shm {

// From now on this process takes part in the barriers of sleeping peers. False if the kernel cannot do that.
bool JoinBarriers();

// What every process that has joined stored before this is seen here now, and what was stored here is seen by its later
// loads. Some microseconds.
void BarrierForAll();

// For pairs of which one could not join.
inline void BarrierAlone() { __sync_synchronize(); }

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_BARRIER_H_
