// SPDX-License-Identifier: Apache-2.0
// The data path: one pass of the engine. Starts what was submitted, posts what became ready, runs local steps, and
// takes the transports' completions. No lock, no allocation once the vectors have their working size, no system call.
#include <algorithm>
#include <cstring>

#include "lib/base/checks.h"
#include "lib/engine/engine.h"
#include "lib/engine/step_context.h"
#include "lib/recorder/flight_recorder.h"

namespace tutti {
namespace {

constexpr uint64_t kCodedBytesPerTurn = 512 * 1024;
constexpr uint64_t kUsualBytesPerTurn = 256 * 1024;  // while something is urgent

}  // namespace

bool Engine::Pass() {
  stamped_ = false;
  if (control_pending_.load(std::memory_order_acquire)) HandleControl();
  bool moved = StartSubmitted();
  RunReady();
  if (!window_tracks_.empty()) moved |= RunWindows();
  for (Lane& lane : lanes_) {
    // One that leads nowhere yet only has peers at its door, who can wait; looking would cost a system call.
    if (!lane.used && (passes_ & 63) != 0) continue;
    const size_t n = lane.transport->Poll(absl::MakeSpan(completions_));
    if (n > 0) stamped_ = false;
    for (size_t i = 0; i < n; ++i) Handle(lane, completions_[i]);
    moved |= n > 0;
  }
  RunReady();
  moved |= !local_steps_.empty() || !urgent_steps_.empty();
  if (flushes_.load(std::memory_order_relaxed) > 0) LookForUnsentBytes();
  // Looking at the clock each time would cost as much as the pass.
  if ((++passes_ & 63) == 0) CheckTime();
  return moved;
}

bool Engine::StartSubmitted() {
  if (submitted_.load(std::memory_order_relaxed) == nullptr) return false;
  Operation* newest = submitted_.exchange(nullptr, std::memory_order_acquire);
  Operation* oldest = nullptr;  // the list is a stack; operations start in the order of submission
  while (newest != nullptr) {
    Operation* next = newest->next_submitted;
    newest->next_submitted = oldest;
    oldest = newest;
    newest = next;
  }
  while (oldest != nullptr) {
    Operation* next = oldest->next_submitted;
    Start(*oldest);
    oldest = next;
  }
  return true;
}

// A place in the table of running operations, and its times.
void Engine::TakeSlot(Operation& operation) {
  if (free_slots_.empty()) {
    TUTTI_DCHECK(active_.size() < (size_t{1} << kSlotBits), "more than a million operations in flight");
    free_slots_.push_back(static_cast<uint32_t>(active_.size()));
    active_.emplace_back();
  }
  operation.slot = free_slots_.back();
  free_slots_.pop_back();
  active_[operation.slot].operation = &operation;
  if (operation.urgent) ++urgent_running_;
  operation.started_ns = StampNs();
  operation.deadline_ns = DeadlineAfterNs(operation.started_ns, operation.timeout_ns);
}

void Engine::ConnectTo(const PeerConnection& connection) {
  lane_of_peer_[static_cast<size_t>(connection.peer)] = connection.transport;
  lanes_[connection.transport].used = true;
  absl::Status status = lanes_[connection.transport].transport->Connect(connection.peer, connection.address);
  if (!status.ok()) listener_.OnPeerLost(connection.peer, std::string(status.message()));
  if (!connection.same_clock) NeedPeerClock(connection.peer);
}

void Engine::Start(Operation& operation) {
  TakeSlot(operation);
  if (const Outcome* failure = FailureOf(operation.channel)) return End(operation, *failure);
  Record(operation, operation.timed ? operation.arrived_ns : operation.started_ns);
  for (const PeerConnection& connection : operation.connections) ConnectTo(connection);
  operation.connections.clear();
  if (operation.timed) operation.BeginTiming(StampNs());
  if (operation.plan().is_window()) return StartWindow(operation);
  if (SharesMemory(operation)) operation.group->ShowCalls(operation.all_read_all);
  OpenRecordedWait(operation);

  // Enough for all of its steps to become ready at once, so that only the first run of a shape makes anything grow.
  const size_t num_steps = operation.plan().steps().size();
  for (Lane& lane : lanes_) {
    lane.sends.reserve(num_steps);
    lane.recvs.reserve(num_steps);
  }
  (operation.urgent ? urgent_steps_ : local_steps_).Reserve(num_steps);
  operation.Begin();
  if (operation.scaling.count > 0) {
    const int64_t begin_ns = BeginKernel(operation);
    operation.ScaleInput();
    EndKernel(operation, begin_ns);
  }
  if (operation.steps_left() == 0) return End(operation, Outcome::kOk);
  for (uint32_t step : operation.plan().initial_steps()) MakeReady(operation, step);
}

uint64_t Engine::ContextOf(const Operation& operation, uint32_t step) const {
  const uint64_t generation = active_[operation.slot].generation & kGenerationMask;
  return (generation << (kStepBits + kSlotBits)) | (static_cast<uint64_t>(operation.slot) << kStepBits) | step;
}

void Engine::MakeReady(Operation& operation, uint32_t index) {
  const PlanStep& step = operation.plan().steps()[index];
  operation.StepBegun(index);
  if (operation.timed) operation.step_times[index].ready_ns = StampNs();
  if (step.kind == StepKind::kReduce || step.kind == StepKind::kCopy || IsCodecStep(step.kind)) {
    (operation.urgent ? urgent_steps_ : local_steps_).Push({&operation, index});
    return;
  }
  Lane& lane = lanes_[lane_of_peer_[static_cast<size_t>(step.peer)]];
  const MessageId id{operation.channel, operation.index_base + step.message, operation.sequence};
  const uint64_t context = ContextOf(operation, index);
  lane.stamps |= operation.timed;
  if (step.coded) {
    return step.kind == StepKind::kSend ? PostCodedSend(lane, operation, index)
                                        : PostHeaderRecv(lane, operation, index);
  }
  if (step.kind == StepKind::kSend) {
    const void* data = step.bytes > 0 ? operation.At(operation.plan().source(step, 0)) : nullptr;
    const SendRequest send{step.peer, id, operation.signature, data, step.bytes, context, {}};
    if (operation.urgent) {
      lane.sends.insert(lane.sends.begin() + static_cast<ptrdiff_t>(lane.urgent_sends++), send);
    } else {
      lane.sends.push_back(send);
    }
  } else {
    const bool placed = step.kind == StepKind::kRecv && step.bytes > 0;
    void* data = placed ? operation.At(step.dst) : nullptr;
    lane.recvs.push_back({step.peer, id, operation.signature, data, step.bytes, context});
  }
  if (operation.flight_wait != nullptr) FlightRecorder::Posted(*operation.flight_wait, index);
}

void Engine::PostReady() {
  for (Lane& lane : lanes_) {
    if (lane.stamps) StampRequests(lane);
    if (!lane.recvs.empty()) {
      lane.transport->PostRecvs(lane.recvs);
      lane.recvs.clear();
    }
    if (!lane.sends.empty()) {
      lane.transport->PostSends(lane.sends);
      lane.sends.clear();
      lane.urgent_sends = 0;
    }
  }
}

void Engine::RunReady() {
  // Messages go out before the core is given to arithmetic: peers are waiting for them. Codecs take long for their bytes,
  // so that meanwhile some transports must be looked after.
  uint64_t coded_bytes = 0;
  uint64_t usual_bytes = 0;
  for (;;) {
    PostReady();
    const bool urgent = !urgent_steps_.empty();
    if (!urgent && local_steps_.empty()) break;
    // What is urgent waits for its peers: they may have answered.
    if (!urgent && urgent_running_ > 0 && usual_bytes >= kUsualBytesPerTurn) break;
    if (coded_bytes >= kCodedBytesPerTurn) break;
    const LocalStep next = urgent ? urgent_steps_.Pop() : local_steps_.Pop();
    const PlanStep& step = next.operation->plan().steps()[next.step];
    if (IsCodecStep(step.kind)) coded_bytes += step.bytes;
    if (next.operation->timed) next.operation->step_times[next.step].posted_ns = StampNs();
    if (!urgent) usual_bytes += step.bytes;
    if (RunLocal(*next.operation, next.step)) CompleteStep(*next.operation, next.step);
  }
}

// False: the step has failed, and the listener was told.
bool Engine::RunLocal(Operation& operation, uint32_t index) {
  const Plan& plan = operation.plan();
  const PlanStep& step = plan.steps()[index];
  if (step.count == 0) return true;
  if (IsCodecStep(step.kind)) return RunCodec(operation, index);
  std::byte* dst = operation.At(step.dst);
  if (step.kind == StepKind::kCopy) {
    std::memcpy(dst, operation.At(plan.source(step, 0)), step.bytes);
    stamped_ = false;
    return true;
  }
  const int64_t begin_ns = BeginKernel(operation);
  if (reduce_sources_.size() < step.num_sources) reduce_sources_.resize(step.num_sources);
  for (uint32_t i = 0; i < step.num_sources; ++i) reduce_sources_[i] = operation.At(plan.source(step, i));
  plan.reducer().ReduceMany(dst, reduce_sources_.data(), step.num_sources, step.count);
  if (step.finish) plan.reducer().Finish(dst, step.count, plan.num_ranks());
  EndKernel(operation, begin_ns);
  return true;
}

void Engine::Handle(Lane& lane, const Completion& completion) {
  if (completion.kind == CompletionKind::kPeerFailed) {
    listener_.OnPeerLost(completion.peer, lane.transport->PeerError(completion.peer));
    return;
  }
  const uint32_t slot = SlotOf(completion.context);
  if (slot >= active_.size()) return;
  const ActiveSlot& active = active_[slot];
  if (active.operation == nullptr || (active.generation & kGenerationMask) != GenerationOf(completion.context)) return;
  Operation& operation = *active.operation;
  const uint32_t step = StepOf(completion.context);
  switch (completion.kind) {
    case CompletionKind::kRecvDone:
      if (operation.plan().steps()[step].coded) return HandleCodedRecv(lane, operation, step, completion.stamp);
      if (operation.timed) Hear(operation, step, completion.stamp, operation.plan().steps()[step].bytes);
      return CompleteStep(operation, step);
    case CompletionKind::kSendDone:
      if (operation.plan().steps()[step].coded && !operation.PartDone(step)) return;
      return CompleteStep(operation, step);
    case CompletionKind::kRecvView:
      return ReducePart(operation, step, completion);
    case CompletionKind::kMismatch: {
      const PlanStep& plan_step = operation.plan().steps()[step];
      return listener_.OnMismatch(operation, plan_step.peer, ExpectedBytes(operation, step),
                                  completion.remote_signature, completion.bytes);
    }
    case CompletionKind::kPeerFailed:
      return;
  }
}

void Engine::ReducePart(Operation& operation, uint32_t index, const Completion& part) {
  const Plan& plan = operation.plan();
  const PlanStep& step = plan.steps()[index];
  const uint64_t count = part.bytes / plan.element_bytes();
  std::byte* dst = operation.At(step.dst) + part.view_offset;
  const std::byte* source = operation.At(plan.source(step, 0)) + part.view_offset;
  const bool last = part.view_offset + part.bytes == step.bytes;
  if (last && operation.timed) Hear(operation, index, part.stamp, step.bytes);
  const int64_t begin_ns = BeginKernel(operation);
  if (step.message_first) {
    plan.reducer().Reduce(dst, part.view, source, count);
  } else {
    plan.reducer().Reduce(dst, source, part.view, count);
  }
  if (step.finish) plan.reducer().Finish(dst, count, plan.num_ranks());
  EndKernel(operation, begin_ns);
  if (last) CompleteStep(operation, index);
}

void Engine::CompleteStep(Operation& operation, uint32_t index) {
  const Plan& plan = operation.plan();
  const bool last = operation.StepDone(index);
  if (operation.flight != nullptr) {
    const size_t steps = plan.steps().size();
    FlightRecorder::Advance(*operation.flight, steps - operation.steps_left(), steps);
  }
  if (operation.timed) EndStep(operation, index);
  for (uint32_t successor : plan.SuccessorsOf(plan.steps()[index])) {
    if (operation.CountDown(successor)) MakeReady(operation, successor);
  }
  if (last) End(operation, Outcome::kOk);
}

void Engine::End(Operation& operation, Outcome outcome) {
  ActiveSlot& active = active_[operation.slot];
  active.operation = nullptr;
  ++active.generation;
  if (operation.urgent) --urgent_running_;
  free_slots_.push_back(operation.slot);
  if (operation.timed) EndTiming(operation, outcome);
  if (outcome == Outcome::kOk && SharesMemory(operation)) CompareCalls(operation);
  if (operation.flight != nullptr) EndRecord(operation, outcome, operation.timed ? operation.marks.finished_ns : 0);
  operation.Finish(outcome);  // from here on it may be running again for somebody else
  NotifyWaiters();
}

}  // namespace tutti
