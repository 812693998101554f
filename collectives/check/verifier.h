// SPDX-License-Identifier: Apache-2.0
// The symbolic checker: runs all ranks' schedules on symbols in place of numbers and proves, for one shape, that
//   - every send meets a receive of the same length, and nothing waits for ever, even if sends are never buffered;
//   - every output element holds each rank's contribution (or the right element) exactly once, and the input is
//   unharmed;
//   - all ranks that must end with the same value computed it by the same expression, so they end with the same bits;
//   - an average is finished exactly once per element, when the sum is complete;
//   - steps that are not ordered never touch the same bytes, and nothing reads memory that was never written.
// Exact, not probabilistic. It trusts nothing of the builder. README.md says how each of these is proved.
#ifndef TUTTI_COLLECTIVES_CHECK_VERIFIER_H_
#define TUTTI_COLLECTIVES_CHECK_VERIFIER_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti {

struct VerifyOptions {
  // If not 0, a rank posts its receives from one peer in message order and has at most this many of them unfinished at
  // a time, as an engine with bounded staging does. 1 is the hardest case: what passes with 1 passes with any number.
  uint32_t max_outstanding_receives_per_peer = 0;

  // Whether results must be what an operation gives that is associative but not commutative: r0 op r1 op r2 ..., however
  // that is grouped.
  bool in_rank_order = false;
};

// schedules[r] is rank r's. OK, or InvalidArgument with a message that begins with the rule that was broken ("race:
// ...", see rule.h) and names the rank, the step and the elements. A malformed schedule is such an error, never a
// crash. Pure; any thread. Memory: about as much again as the schedules themselves.
absl::Status VerifySchedules(const Shape& shape, absl::Span<const Schedule> schedules);
absl::Status VerifySchedules(const Shape& shape, absl::Span<const Schedule> schedules, const VerifyOptions& options);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_CHECK_VERIFIER_H_
