// SPDX-License-Identifier: Apache-2.0
// The symbolic checker: runs all ranks' schedules on symbols in place of numbers and proves, for one shape, that
//   - every send meets a receive of the same length, and nothing waits for ever, even if sends are never buffered;
//   - every output element holds each rank's contribution (or the right element) exactly once, and the input is unharmed;
//   - all ranks that must end with the same value computed it by the same expression, so they end with the same bits;
//   - an average is finished exactly once per element, when the sum is complete;
//   - steps that are not ordered never touch the same bytes, and nothing reads memory that was never written.
// Exact, not probabilistic. It trusts nothing of the builder.
#ifndef TUTTI_COLLECTIVES_CHECK_VERIFIER_H_
#define TUTTI_COLLECTIVES_CHECK_VERIFIER_H_

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti {

// schedules[r] is rank r's. OK, or an error whose message names the rule, the rank, the step and the element.
absl::Status VerifySchedules(const Shape& shape, absl::Span<const Schedule> schedules);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_CHECK_VERIFIER_H_
