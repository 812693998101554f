// SPDX-License-Identifier: Apache-2.0
// An opinion on schedules that owes nothing to the verifier: runs them on 64-bit symbols under random interleavings and
// compares what comes out with what the collective promises. It sees what an execution would show, no more: a defect
// that no interleaving can show is no defect to it.
#ifndef TUTTI_TESTS_COLLECTIVES_SYMBOL_MODEL_H_
#define TUTTI_TESTS_COLLECTIVES_SYMBOL_MODEL_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti {

struct JudgeOptions {
  uint64_t first_seed = 1;
  int interleavings = 20;
  uint32_t max_outstanding_receives_per_peer = 0;
};

// OK if every interleaving gives the right result; else what the first wrong one showed. FailedPrecondition: it halted.
// InvalidArgument: it cannot be run. Unknown: a wrong result.
absl::Status Judge(const Shape& shape, absl::Span<const Schedule> schedules, const JudgeOptions& options);

}  // namespace tutti

#endif  // TUTTI_TESTS_COLLECTIVES_SYMBOL_MODEL_H_
