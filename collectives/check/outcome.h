// SPDX-License-Identifier: Apache-2.0
// Compares what the ranks' outputs hold at the end with what the collective promises.
#ifndef TUTTI_COLLECTIVES_CHECK_OUTCOME_H_
#define TUTTI_COLLECTIVES_CHECK_OUTCOME_H_

#include "absl/status/status.h"

#include "collectives/check/program.h"
#include "collectives/check/values.h"
#include "collectives/check/verifier.h"

namespace tutti::check {

// Right element, all contributions, finished once, in rank order where that is demanded; and in all_reduce the same
// expression on all ranks.
absl::Status CheckOutcome(const Program& program, const Values& values, const VerifyOptions& options);

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_OUTCOME_H_
