// SPDX-License-Identifier: Apache-2.0
// The engine and time: deadlines, stalls, ticks, and the end of failed channels.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"

#include "lib/engine/engine.h"
#include "lib/recorder/flight_recorder.h"

namespace tutti {

void Engine::CheckTime() {
  const int64_t now_ns = clock_.NowNs();
  if (now_ns < next_tick_ns_) return;
  next_tick_ns_ = now_ns + options_.tick_ns;
  if (options_.recorder != nullptr) options_.recorder->Driven(now_ns);
  for (const ActiveSlot& active : active_) {
    Operation* operation = active.operation;
    if (operation == nullptr) continue;
    if (operation->flight != nullptr) RecordWait(*operation, now_ns);
    if (now_ns - operation->started_ns >= options_.stall_ns * (operation->stalls + 1)) {
      listener_.OnStall(*operation, operation->stalls++ == 0);
    }
    if (!operation->deadline_told && now_ns >= operation->deadline_ns) {
      operation->deadline_told = true;
      listener_.OnDeadline(*operation);
    }
  }
  if (!window_tracks_.empty()) LookForTheGone();
  listener_.OnTick(now_ns);
  // Whoever waits may wait for ever because calls differ.
  for (const ActiveSlot& active : active_) {
    if (active.operation == nullptr || !SharesMemory(*active.operation)) continue;
    active.operation->group->ShowCalls(/*all_read_all=*/false);
    LookForOtherCalls(*active.operation->group);
  }
}

void Engine::FailChannel(uint32_t channel, Outcome outcome) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    new_failures_.emplace_back(channel, outcome);
  }
  control_pending_.store(true, std::memory_order_seq_cst);
  sleeper_->Ring();
}

void Engine::RunAsDriver(absl::FunctionRef<void()> task) {
  DriverTask entry(task);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    new_tasks_.push_back(&entry);
  }
  control_pending_.store(true, std::memory_order_seq_cst);
  sleeper_->Ring();
  WaitUntil([&entry] { return entry.done.load(std::memory_order_acquire); });
}

void Engine::Connect(absl::Span<const PeerConnection> connections) {
  RunAsDriver([&] {
    for (const PeerConnection& connection : connections) ConnectTo(connection);
  });
}

void Engine::VisitEarly(absl::FunctionRef<void(const EarlyMessage&)> visit) {
  RunAsDriver([&] {
    for (const Lane& lane : lanes_) lane.transport->VisitEarly(visit);
  });
}

void Engine::HandleControl() {
  std::vector<std::pair<uint32_t, Outcome>> failures;
  std::vector<DriverTask*> tasks;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    failures.swap(new_failures_);
    tasks.swap(new_tasks_);
    if (new_anchor_.has_value()) anchor_ = *std::exchange(new_anchor_, std::nullopt);
    control_pending_.store(false, std::memory_order_relaxed);
  }
  for (DriverTask* task : tasks) {
    task->run();
    task->done.store(true, std::memory_order_release);  // from here on it may be gone
  }
  if (!tasks.empty()) NotifyWaiters();
  HandleFailures(failures);
}

void Engine::HandleFailures(absl::Span<const std::pair<uint32_t, Outcome>> failures) {
  for (const auto& [channel, outcome] : failures) {
    if (FailureOf(channel) != nullptr) continue;
    failed_channels_.emplace_back(channel, outcome);
    // Nothing may look into windows that are about to go.
    WindowGroup* forgotten = nullptr;
    std::erase_if(window_tracks_, [&, failed = channel](WindowTrack* track) {
      const Operation& front = *track->queue.front();
      if (front.channel != failed) return false;
      forgotten = front.group;
      return true;
    });
    if (forgotten != nullptr) forgotten->Forget();
    for (Lane& lane : lanes_) lane.transport->CloseChannel(channel);
    // Steps that had to wait for another turn: their operations' buffers are the caller's again in a moment.
    local_steps_.Drop(channel);
    urgent_steps_.Drop(channel);
    for (size_t slot = 0; slot < active_.size(); ++slot) {
      Operation* operation = active_[slot].operation;
      if (operation != nullptr && operation->channel == channel) End(*operation, outcome);
    }
  }
}

const Outcome* Engine::FailureOf(uint32_t channel) const {
  for (const auto& [failed, outcome] : failed_channels_) {
    if (failed == channel) return &outcome;
  }
  return nullptr;
}

bool Engine::IsRunning(uint32_t channel, uint64_t sequence) const {
  return std::any_of(active_.begin(), active_.end(), [channel, sequence](const ActiveSlot& active) {
    return active.operation != nullptr && active.operation->channel == channel &&
           active.operation->sequence == sequence;
  });
}

Engine::Waits Engine::DescribeWindowWait(const Operation& operation,
                                         absl::FunctionRef<std::string(int32_t)> peer_name) const {
  Waits waits;
  const WindowGroup& group = *operation.group;
  const std::string step =
      absl::StrCat("step ", operation.window_step + 1, " of ", operation.plan().window_steps().size());
  const std::vector<Operation*>& queue = operation.track->queue;
  if (queue.empty() || queue.front() != &operation) {
    waits.description = "an earlier operation of the same communicator";
  } else if (!group.ready() || operation.window_waits_for < 0) {
    // Everybody is needed; who is late cannot be told from here.
    for (int r = 0; r < group.size(); ++r) {
      if (r != group.rank()) waits.peers.push_back(group.job_rank(r));
    }
    waits.description = absl::StrCat(step, ": ", group.ready() ? "room in the shared memory" : "the shared memory",
                                     " of all ranks of the host");
  } else if (operation.window_step == operation.plan().window_steps().size()) {
    waits.peers.push_back(group.job_rank(operation.window_waits_for));
    waits.description = absl::StrCat("all ", operation.window_step, " steps are done, but ", peer_name(waits.peers[0]),
                                     " has not read all of this rank's buffer yet");
  } else {
    waits.peers.push_back(group.job_rank(operation.window_waits_for));
    const WindowPlanStep& waiting = operation.plan().window_steps()[operation.window_step];
    if (waiting.kind != WindowStepKind::kPublish) waits.senders = waits.peers;
    waits.description = absl::StrCat(step, ": what ", peer_name(waits.peers[0]), " contributes in shared memory");
  }
  return waits;
}

Engine::Waits Engine::DescribeWaits(const Operation& operation,
                                    absl::FunctionRef<std::string(int32_t)> peer_name) const {
  constexpr int kMaxNamed = 4;
  Waits waits;
  int named = 0;
  int unnamed = 0;
  if (operation.plan().is_window()) return DescribeWindowWait(operation, peer_name);
  const auto& steps = operation.plan().steps();
  for (uint32_t i = 0; i < steps.size(); ++i) {
    const PlanStep& step = steps[i];
    if (operation.progress(i) != StepProgress::kBegun || step.peer < 0) continue;
    if (std::find(waits.peers.begin(), waits.peers.end(), step.peer) == waits.peers.end()) {
      waits.peers.push_back(step.peer);
    }
    if (step.kind != StepKind::kSend &&
        std::find(waits.senders.begin(), waits.senders.end(), step.peer) == waits.senders.end()) {
      waits.senders.push_back(step.peer);
    }
    if (named == kMaxNamed) {
      ++unnamed;
      continue;
    }
    ++named;
    absl::StrAppend(&waits.description, named > 1 ? "; " : "", "step ", i + 1, " of ", steps.size(), ": ",
                    step.kind == StepKind::kSend ? "send " : "receive ", step.coded ? "the codes of " : "", step.bytes,
                    " bytes ", step.kind == StepKind::kSend ? "to " : "from ", peer_name(step.peer));
  }
  if (unnamed > 0) absl::StrAppend(&waits.description, "; and ", unnamed, " more");
  return waits;
}

}  // namespace tutti
