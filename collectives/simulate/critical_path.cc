// SPDX-License-Identifier: Apache-2.0
#include "collectives/simulate/critical_path.h"

#include <algorithm>

namespace tutti::simulate {
namespace {

int64_t EndOf(const Trace& trace, uint32_t step) { return trace.steps[step].end_ps; }

}  // namespace

CriticalPath FindCriticalPath(const Workload& workload, const Trace& trace) {
  CriticalPath path;
  if (workload.num_steps() == 0) return path;
  uint32_t at = 0;
  for (uint32_t i = 1; i < workload.num_steps(); ++i) {
    if (EndOf(trace, i) > EndOf(trace, at)) at = i;
  }
  int64_t until = EndOf(trace, at);
  for (;;) {
    const StepTrace& step = trace.steps[at];
    // [step.end_ps, until) belongs to the message that this step sent, if it is one.
    const int64_t queued = std::clamp<int64_t>(step.queued_ps, 0, std::max<int64_t>(until - step.end_ps, 0));
    path.queued_ps += queued;
    path.way_ps += std::max<int64_t>(until - step.end_ps, 0) - queued;
    path.noise_ps += step.noise_ps;
    path.processor_ps += step.end_ps - step.start_ps - step.noise_ps;
    path.steps.push_back({at, workload.steps()[at], step.cause, step.start_ps, until});
    until = step.start_ps;
    if (step.cause == Cause::kCall) break;
    at = step.before;
  }
  path.late_ps = until;
  std::reverse(path.steps.begin(), path.steps.end());
  return path;
}

}  // namespace tutti::simulate
