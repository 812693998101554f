// SPDX-License-Identifier: Apache-2.0
// Runs all ranks' schedules as the least generous transport would: a step begins when its dependencies are done, and a
// send ends only when its receive has begun. Nothing in this model is a choice (a step waits for all of several things,
// never for one of them), so one run decides whether every run ends.
#ifndef TUTTI_COLLECTIVES_CHECK_PROGRESS_H_
#define TUTTI_COLLECTIVES_CHECK_PROGRESS_H_

#include "absl/status/status.h"

#include "collectives/check/messages.h"
#include "collectives/check/program.h"
#include "collectives/check/verifier.h"

namespace tutti::check {

// Told of every step once, in an order that respects all dependencies and messages.
class StepVisitor {
 public:
  virtual ~StepVisitor() = default;
  virtual absl::Status OnLocalStep(StepRef step) = 0;
  virtual absl::Status OnMessage(StepRef send, StepRef receive) = 0;
};

// The visitor's first error, or a deadlock with the circle of steps that wait for each other.
absl::Status RunToEnd(const Program& program, const Messages& messages, const VerifyOptions& options,
                      StepVisitor& visitor);

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_PROGRESS_H_
