// SPDX-License-Identifier: Apache-2.0
// The engine and the flight record: an operation is written down when it begins, step by step, and when it ends. What it
// waits for is looked up in each tick, not in each pass: who reads it is a person.
#include <algorithm>

#include "lib/engine/engine.h"
#include "lib/recorder/flight_recorder.h"

namespace tutti {
namespace {

struct FirstWait {
  FlightWaitKind kind = FlightWaitKind::kNothing;
  uint32_t step = 0;
  int32_t peer = -1;
  uint64_t bytes = 0;
};

// Of the steps that were begun and are not done: the first receive, else the first send. What was not sent is often only the
// consequence of what was not received.
FirstWait FirstWaitOf(const Operation& operation) {
  FirstWait first;
  const std::vector<PlanStep>& steps = operation.plan().steps();
  for (uint32_t i = 0; i < steps.size(); ++i) {
    const PlanStep& step = steps[i];
    if (operation.progress(i) != StepProgress::kBegun || step.peer < 0) continue;
    const bool is_send = step.kind == StepKind::kSend;
    if (is_send && first.kind != FlightWaitKind::kNothing) continue;
    first = {is_send ? FlightWaitKind::kSend : FlightWaitKind::kReceive, i, step.peer, step.bytes};
    if (!is_send) break;
  }
  return first;
}

FirstWait FirstWindowWaitOf(const Operation& operation) {
  const WindowGroup& group = *operation.group;
  FirstWait first{FlightWaitKind::kNothing, operation.window_step, -1, 0};
  const std::vector<WindowPlanStep>& steps = operation.plan().window_steps();
  if (operation.window_step >= steps.size()) {
    // All is done but for what others still read of it.
    if (steps.empty() || operation.window_waits_for < 0) return first;
    const auto last = static_cast<uint32_t>(steps.size() - 1);
    return {FlightWaitKind::kRoom, last, group.job_rank(operation.window_waits_for), steps.back().published_bytes};
  }
  const WindowPlanStep& step = steps[operation.window_step];
  const std::vector<Operation*>& queue = operation.track->queue;
  if (!queue.empty() && queue.front() != &operation) {
    first.kind = FlightWaitKind::kEarlierOperation;
  } else if (!group.ready()) {
    first.kind = FlightWaitKind::kSharedMemory;
    if (group.FirstMissing() >= 0) first.peer = group.job_rank(group.FirstMissing());
  } else if (operation.window_waits_for >= 0) {
    first.kind = step.kind == WindowStepKind::kPublish ? FlightWaitKind::kRoom : FlightWaitKind::kContribution;
    first.peer = group.job_rank(operation.window_waits_for);
    first.bytes = step.published_bytes;
  }
  return first;
}

}  // namespace

void Engine::BeginRecord(Operation& operation, int64_t started_ns) {
  operation.flight_wait = nullptr;
  operation.flight =
      options_.recorder->Begin({operation.signature, operation.sequence, operation.channel, operation.index_base,
                                operation.bytes, started_ns, operation.plan().num_steps()});
}

// It has a place in the table of running operations.
void Engine::OpenRecordedWait(Operation& operation) {
  if (operation.flight == nullptr) return;
  operation.flight_wait = &options_.recorder->OpenWait(*operation.flight);
  // One that began without a look at the clock has looked at it by now.
  const int64_t started_ns = operation.timed ? operation.arrived_ns : operation.started_ns;
  operation.flight->started_ns.store(started_ns, std::memory_order_relaxed);
  if (operation.plan().is_window()) {
    FlightRecorder::Advance(*operation.flight, operation.window_step, operation.plan().num_steps());
  }
}

// In each tick. Operations that have just begun are spared the search.
void Engine::RecordWait(Operation& operation, int64_t now_ns) {
  if (operation.flight_wait == nullptr || now_ns - operation.started_ns < options_.tick_ns / 2) return;
  FlightWait& wait = *operation.flight_wait;
  const FirstWait first = operation.plan().is_window() ? FirstWindowWaitOf(operation) : FirstWaitOf(operation);
  FlightRecorder::Waits(wait, first.kind, first.step, first.peer, first.bytes, now_ns);
  const Arrivals::Arrival& last = operation.marks.arrivals.last();
  if (!operation.timed || last.rank < 0 || last.rank == operation.rank) return;
  FlightRecorder::Arrived(wait, operation.job_ranks[last.rank], last.ns);
}

void Engine::EndRecord(Operation& operation, Outcome outcome, int64_t ended_ns) {
  const size_t steps = operation.plan().num_steps();
  const bool is_window = operation.plan().is_window();
  const size_t done = outcome == Outcome::kOk ? steps
                      : is_window             ? operation.window_step
                                              : steps - operation.steps_left();
  FlightRecorder::End(*operation.flight, static_cast<int32_t>(outcome), done, steps, ended_ns);
  operation.flight = nullptr;
  operation.flight_wait = nullptr;
  if (operation.flight_channel == nullptr || operation.completions == nullptr || outcome != Outcome::kOk) return;
  // As Operation::Finish is about to count it.
  operation.flight_channel->completed.store(operation.completions->load(std::memory_order_relaxed) + 1,
                                            std::memory_order_relaxed);
}

}  // namespace tutti
