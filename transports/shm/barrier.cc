// SPDX-License-Identifier: Apache-2.0
#include "transports/shm/barrier.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace tutti::shm {

bool JoinBarriers() {
  static const bool joined = ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0;
  return joined;
}

void BarrierForAll() {
  BarrierAlone();
  if (JoinBarriers()) (void)::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0);
}

}  // namespace tutti::shm
