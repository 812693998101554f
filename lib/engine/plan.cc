// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/plan.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

bool IsMessage(StepKind kind) {
  return kind == StepKind::kSend || kind == StepKind::kRecv || kind == StepKind::kRecvReduce;
}

uint64_t CountOf(const Schedule& schedule, const Step& step) {
  return step.kind == StepKind::kSend ? schedule.SourcesOf(step)[0].count : step.dst.count;
}

}  // namespace

absl::StatusOr<Plan> Plan::Compile(const Schedule& schedule, absl::Span<const int32_t> peers, DataType type,
                                   ReduceOp op) {
  Plan plan;
  const uint64_t element_bytes = DataTypeBytes(type);
  const size_t num_steps = schedule.steps.size();
  plan.kernels_ = &KernelsFor(type, op);
  plan.num_ranks_ = static_cast<uint32_t>(peers.size());
  plan.element_bytes_ = element_bytes;
  plan.scratch_bytes_ = schedule.scratch_elements * element_bytes;

  plan.sources_.reserve(schedule.sources.size());
  for (const Region& region : schedule.sources) {
    plan.sources_.push_back({region.buffer, region.offset * element_bytes});
  }

  std::vector<uint32_t> successor_counts(num_steps, 0);
  plan.steps_.resize(num_steps);
  plan.dependency_counts_.resize(num_steps);
  for (uint32_t i = 0; i < num_steps; ++i) {
    const Step& step = schedule.steps[i];
    PlanStep& out = plan.steps_[i];
    out.kind = step.kind;
    out.message_first = step.message_first;
    out.finish = step.completes && op == ReduceOp::kAvg;
    out.message = step.message;
    out.first_source = step.first_source;
    out.num_sources = step.num_sources;
    out.count = CountOf(schedule, step);
    out.bytes = out.count * element_bytes;
    out.dst = {step.dst.buffer, step.dst.offset * element_bytes};
    plan.max_sources_ = std::max(plan.max_sources_, step.num_sources);
    if (IsMessage(step.kind)) {
      if (step.peer < 0 || step.peer >= static_cast<int>(peers.size())) {
        return absl::InternalError(
            absl::StrCat("the schedule names a rank outside the communicator: ", DescribeStep(schedule, i)));
      }
      out.peer = peers[static_cast<size_t>(step.peer)];
      out.peer_rank = step.peer;
      plan.peers_.push_back(out.peer);
    }
    plan.dependency_counts_[i] = step.num_dependencies;
    if (step.num_dependencies == 0) plan.initial_steps_.push_back(i);
    for (uint32_t dependency : schedule.DependenciesOf(step)) {
      if (dependency >= i) {
        return absl::InternalError(absl::StrCat("a step depends on a later one: ", DescribeStep(schedule, i)));
      }
      ++successor_counts[dependency];
    }
  }
  std::sort(plan.peers_.begin(), plan.peers_.end());
  plan.peers_.erase(std::unique(plan.peers_.begin(), plan.peers_.end()), plan.peers_.end());

  uint32_t next = 0;
  for (uint32_t i = 0; i < num_steps; ++i) {
    plan.steps_[i].first_successor = next;
    next += successor_counts[i];
  }
  plan.successors_.resize(next);
  for (uint32_t i = 0; i < num_steps; ++i) {
    for (uint32_t dependency : schedule.DependenciesOf(schedule.steps[i])) {
      PlanStep& before = plan.steps_[dependency];
      plan.successors_[before.first_successor + before.num_successors++] = i;
    }
  }
  return plan;
}

absl::StatusOr<Plan> Plan::CompileWindow(const WindowProgram& program, absl::Span<const int32_t> peers, int rank,
                                         DataType type, ReduceOp op) {
  Plan plan;
  const uint64_t element_bytes = DataTypeBytes(type);
  const std::string broken = CheckWindowProgram(program, static_cast<uint32_t>(element_bytes));
  if (!broken.empty()) return absl::InternalError(broken);
  plan.is_window_ = true;
  plan.num_publishes_ = program.num_publishes;
  plan.kernels_ = &KernelsFor(type, op);
  plan.num_ranks_ = static_cast<uint32_t>(peers.size());
  plan.element_bytes_ = element_bytes;
  plan.window_steps_.reserve(program.steps.size());
  for (const WindowStep& step : program.steps) {
    WindowPlanStep out;
    out.kind = step.kind;
    out.finish = step.completes && op == ReduceOp::kAvg;
    out.peer = step.peer;
    out.number = step.number;
    out.done = step.done;
    out.published_bytes = step.published * element_bytes;
    out.offset_bytes = step.offset * element_bytes;
    out.count = step.dst.count;
    out.bytes = step.dst.count * element_bytes;
    out.own = {step.own.buffer, step.own.offset * element_bytes};
    out.dst = {step.dst.buffer, step.dst.offset * element_bytes};
    plan.largest_step_bytes_ = std::max({plan.largest_step_bytes_, out.bytes, out.published_bytes});
    plan.window_steps_.push_back(out);
  }
  for (size_t r = 0; r < peers.size(); ++r) {
    if (static_cast<int>(r) != rank) plan.peers_.push_back(peers[r]);
  }
  std::sort(plan.peers_.begin(), plan.peers_.end());
  return plan;
}

}  // namespace tutti
