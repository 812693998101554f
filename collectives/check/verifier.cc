// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/verifier.h"

#include "collectives/check/barrier.h"
#include "collectives/check/memory_layout.h"
#include "collectives/check/messages.h"
#include "collectives/check/outcome.h"
#include "collectives/check/program.h"
#include "collectives/check/progress.h"
#include "collectives/check/races.h"
#include "collectives/check/structure.h"
#include "collectives/check/values.h"

namespace tutti {

absl::Status VerifySchedules(const Shape& shape, absl::Span<const Schedule> schedules) {
  return VerifySchedules(shape, schedules, VerifyOptions{});
}

absl::Status VerifySchedules(const Shape& shape, absl::Span<const Schedule> schedules, const VerifyOptions& options) {
  // Each check relies on those before it.
  if (absl::Status s = check::CheckShape(shape); !s.ok()) return s;
  if (absl::Status s = check::CheckStructure(shape, schedules); !s.ok()) return s;
  const check::Program program(shape, schedules);
  const absl::StatusOr<check::Messages> messages = check::MatchMessages(program);
  if (!messages.ok()) return messages.status();
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    if (absl::Status s = check::CheckRaces(program, rank); !s.ok()) return s;
  }
  check::Values values(program);
  if (absl::Status s = check::RunToEnd(program, *messages, options, values); !s.ok()) return s;
  if (shape.collective != Collective::kBarrier) return check::CheckOutcome(program, values, options);
  check::BarrierKnowledge knowledge(program);
  if (absl::Status s = check::RunToEnd(program, *messages, options, knowledge); !s.ok()) return s;
  return knowledge.CheckEveryRankKnowsAll();
}

}  // namespace tutti
