// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/program.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tutti::check {

Program::Program(const Shape& shape, absl::Span<const Schedule> schedules) : shape_(shape), schedules_(schedules) {
  memory_.reserve(schedules.size());
  first_step_.reserve(schedules.size() + 1);
  first_step_.push_back(0);
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    memory_.emplace_back(shape, rank, schedule(rank).scratch_elements, schedule(rank).coded_elements);
    first_step_.push_back(first_step_.back() + static_cast<uint32_t>(schedule(rank).steps.size()));
  }
}

StepRef Program::RefOf(uint32_t number) const {
  const auto next = std::upper_bound(first_step_.begin(), first_step_.end(), number);
  const auto rank = static_cast<size_t>(next - first_step_.begin()) - 1;
  return {static_cast<int>(rank), number - first_step_[rank]};
}

std::string Program::Describe(StepRef ref) const {
  return absl::StrCat("rank ", ref.rank, ", ", DescribeStep(schedule(ref.rank), ref.step));
}

}  // namespace tutti::check
