// SPDX-License-Identifier: Apache-2.0
// All ranks' schedules in the form that is simulated: what each step costs and waits for, without where its bytes lie.
// Schedules are built one rank after the other and dropped, so that ten thousand ranks need 48 bytes a step and little more.
#ifndef TUTTI_COLLECTIVES_SIMULATE_WORKLOAD_H_
#define TUTTI_COLLECTIVES_SIMULATE_WORKLOAD_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::simulate {

using BuildSchedule = Schedule (*)(const Shape& shape, int rank);

struct WorkStep {
  uint64_t bytes = 0;          // of the message, or that are copied or reduced
  uint64_t operand_bytes = 0;  // of all operands beyond the first, where it reduces
  StepKind kind = StepKind::kCopy;
  int32_t rank = 0;
  int32_t peer = -1;
  uint32_t match = 0;  // of a send its receive, of a receive its send
  uint32_t num_dependencies = 0;
  uint32_t first_successor = 0;  // into successors; they end where the next step's begin
};

inline bool IsSend(const WorkStep& step) { return step.kind == StepKind::kSend; }
inline bool IsReceive(const WorkStep& step) {
  return step.kind == StepKind::kRecv || step.kind == StepKind::kRecvReduce;
}

class Workload {
 public:
  // encoded_share: see CodecCost. Internal: sends and receives do not match (the verifier would have said so).
  static absl::StatusOr<Workload> Make(const Shape& shape, BuildSchedule build, double encoded_share = 1);

  int num_ranks() const { return num_ranks_; }
  uint64_t num_messages() const { return num_messages_; }
  // One more than there are steps: the last ends the successors of the one before.
  const std::vector<WorkStep>& steps() const { return steps_; }
  size_t num_steps() const { return steps_.size() - 1; }
  absl::Span<const uint32_t> SuccessorsOf(uint32_t step) const {
    return absl::MakeConstSpan(successors_)
        .subspan(steps_[step].first_successor, steps_[step + 1].first_successor - steps_[step].first_successor);
  }
  // A rank's steps are [FirstStepOf(rank), FirstStepOf(rank + 1)).
  uint32_t FirstStepOf(int rank) const { return first_step_[static_cast<size_t>(rank)]; }
  // Of its input, output and working memory, as far as steps touch them.
  uint64_t MemoryOf(int rank) const { return memory_bytes_[static_cast<size_t>(rank)]; }

 private:
  void Add(const Schedule& schedule, int rank, const Shape& shape, double encoded_share);
  absl::Status MatchMessages();

  int num_ranks_ = 0;
  uint64_t num_messages_ = 0;
  std::vector<WorkStep> steps_;
  std::vector<uint32_t> successors_;
  std::vector<uint32_t> first_step_;
  std::vector<uint64_t> memory_bytes_;
};

// How many steps all ranks have, from the schedules of some of them.
uint64_t EstimateSteps(const Shape& shape, BuildSchedule build);

}  // namespace tutti::simulate

#endif  // TUTTI_COLLECTIVES_SIMULATE_WORKLOAD_H_
