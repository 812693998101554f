// SPDX-License-Identifier: Apache-2.0
// What decided when a run was over: the chain of steps, each of which began when the one before it let it, that ends with the
// last step of the last rank.
#ifndef TUTTI_COLLECTIVES_SIMULATE_CRITICAL_PATH_H_
#define TUTTI_COLLECTIVES_SIMULATE_CRITICAL_PATH_H_

#include <cstdint>
#include <vector>

#include "collectives/simulate/simulator.h"
#include "collectives/simulate/workload.h"

namespace tutti::simulate {

struct CriticalStep {
  uint32_t step = 0;  // of the workload
  WorkStep work;
  Cause cause = Cause::kCall;
  int64_t start_ps = 0;
  int64_t end_ps = 0;  // on the processor; of a send whose message comes next: when it arrived
};

struct CriticalPath {
  std::vector<CriticalStep> steps;  // in order of time
  // These add up to the run's time.
  int64_t late_ps = 0;       // until the first of them could begin: arrival, and the call itself
  int64_t processor_ps = 0;  // at work, noise apart
  int64_t noise_ps = 0;
  int64_t queued_ps = 0;  // for busy links, and for receivers to ask
  int64_t way_ps = 0;     // latency and bytes on links
};

CriticalPath FindCriticalPath(const Workload& workload, const Trace& trace);

}  // namespace tutti::simulate

#endif  // TUTTI_COLLECTIVES_SIMULATE_CRITICAL_PATH_H_
