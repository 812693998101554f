// SPDX-License-Identifier: Apache-2.0
// Proves that a schedule is a barrier: on every rank some step ends only after messages have told of every other rank's
// entry, directly or by way of others.
#ifndef TUTTI_COLLECTIVES_CHECK_BARRIER_H_
#define TUTTI_COLLECTIVES_CHECK_BARRIER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "collectives/check/program.h"
#include "collectives/check/progress.h"

namespace tutti::check {

// For each step, the ranks whose entry it knows of when it ends. A receive learns what the send's dependencies knew; a
// send learns nothing from its receiver, because a transport may buffer it.
class BarrierKnowledge : public StepVisitor {
 public:
  explicit BarrierKnowledge(const Program& program);

  absl::Status OnLocalStep(StepRef step) override;
  absl::Status OnMessage(StepRef send, StepRef receive) override;

  // To be asked when all steps have run.
  absl::Status CheckEveryRankKnowsAll() const;

 private:
  uint64_t* Of(StepRef step) { return &known_[size_t{program_.NumberOf(step)} * words_per_step_]; }
  const uint64_t* Of(StepRef step) const { return &known_[size_t{program_.NumberOf(step)} * words_per_step_]; }
  void LearnFromDependencies(StepRef step);

  const Program& program_;
  const size_t words_per_step_;
  std::vector<uint64_t> known_;  // by step number: a set of ranks, one bit each
};

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_BARRIER_H_
