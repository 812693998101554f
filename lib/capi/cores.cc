// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/cores.h"

#include <sched.h>
#include <unistd.h>

namespace tutti {

int CoresOfHost() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  const int allowed = ::sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;
  return allowed > 1 ? allowed : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

bool RanksOutnumberCores(const JobSettings& settings) {
  return (settings.local_size > 0 ? settings.local_size : settings.size) > CoresOfHost();
}

}  // namespace tutti
