// SPDX-License-Identifier: Apache-2.0
// All ranks' schedules with their memory, as the checks pass them around: steps of all ranks get one running number, so
// that facts about steps live in plain arrays.
#ifndef TUTTI_COLLECTIVES_CHECK_PROGRAM_H_
#define TUTTI_COLLECTIVES_CHECK_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"

#include "collectives/check/memory_layout.h"
#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::check {

// A step of some rank.
struct StepRef {
  int rank = -1;
  uint32_t step = 0;

  friend bool operator==(const StepRef&, const StepRef&) = default;
};

// Borrows the schedules; they must outlive it.
class Program {
 public:
  // Everything has passed CheckShape and CheckStructure.
  Program(const Shape& shape, absl::Span<const Schedule> schedules);

  const Shape& shape() const { return shape_; }
  int num_ranks() const { return shape_.num_ranks; }
  const Schedule& schedule(int rank) const { return schedules_[static_cast<size_t>(rank)]; }
  const MemoryLayout& memory(int rank) const { return memory_[static_cast<size_t>(rank)]; }
  const Step& step(StepRef ref) const { return schedule(ref.rank).steps[ref.step]; }

  // The running number of a step; numbers of one rank are contiguous, in list order.
  uint32_t num_steps() const { return first_step_.back(); }
  uint32_t NumberOf(StepRef ref) const { return first_step_[static_cast<size_t>(ref.rank)] + ref.step; }
  StepRef RefOf(uint32_t number) const;

  // "rank 2, step 4: recv_reduce ...".
  std::string Describe(StepRef ref) const;

 private:
  Shape shape_;
  absl::Span<const Schedule> schedules_;
  std::vector<MemoryLayout> memory_;
  std::vector<uint32_t> first_step_;  // by rank, and the total at the end
};

inline bool IsReceive(StepKind kind) { return kind == StepKind::kRecv || kind == StepKind::kRecvReduce; }
inline bool IsReduction(StepKind kind) {
  return kind == StepKind::kReduce || kind == StepKind::kRecvReduce || kind == StepKind::kDecodeReduce;
}
inline bool HasMessage(StepKind kind) { return kind == StepKind::kSend || IsReceive(kind); }

}  // namespace tutti::check

#endif  // TUTTI_COLLECTIVES_CHECK_PROGRAM_H_
