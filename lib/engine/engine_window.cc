// SPDX-License-Identifier: Apache-2.0
// Operations over windows: programs that run step by step until something is not there yet. The operations of a group run
// one after the other, in the order of their submission, because their publishes are numbered so. One that has lent what it
// published stays until all have read it.
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"

#include "lib/base/checks.h"
#include "lib/engine/engine.h"
#include "lib/recorder/flight_recorder.h"
#include "lib/telemetry/comm_telemetry.h"

namespace tutti {
namespace {

// A short look, before an operation takes its place among the others: the peers of a small one are seldom later. Where
// ranks outnumber cores, each look gives the core to the others.
constexpr int kFirstLooks = 200;
constexpr int kFirstYields = 32;

// Ranks that never wait for each other look at all else after so much data.
constexpr uint64_t kQuickBytesPerPass = 1 << 20;

// Then all else is looked after: what others may begin meanwhile waits no longer than half a megabyte takes.
constexpr int kStepsPerTurn = 8;

constexpr int64_t kNotBegun = INT64_MAX;

}  // namespace

// The common case, a blocking operation that nobody else is in the way of, runs right here.
void Engine::SubmitAndWait(Operation& operation) {
  if (!operation.plan().is_window() || !TryDrive()) {
    Submit(operation);
    Wait(operation);
    return;
  }
  // A small one is written down after its first look: by then its publish, which the others wait for, is out.
  const bool is_small = !operation.plan().stamps_steps();
  const bool alone = operation.group->ready() && operation.track->queue.empty() &&
                     (is_small || window_tracks_.empty()) && FailureOf(operation.channel) == nullptr &&
                     submitted_.load(std::memory_order_relaxed) == nullptr &&
                     !control_pending_.load(std::memory_order_relaxed);
  if (!alone) {
    Submit(operation);
  } else {
    operation.MarkRunning();
    operation.BeginWindow();
    operation.group->ShowCalls(operation.all_read_all);
    stamped_ = false;
    const bool spins = options_.wait.spin_ns > 0;
    if (operation.timed) {
      // A rank that yields between its looks cannot tell from their number how long they take.
      if (operation.arrived_ns == Operation::kNoClockYet && is_small && spins) {
        operation.BeginUnclocked();
      } else {
        BeginQuick(operation);
      }
    }
    if (!is_small) Record(operation, operation.timed ? operation.arrived_ns : 0);
    const int looks = spins ? kFirstLooks : options_.wait.yield_ns > 0 ? kFirstYields : 1;
    looks_in_a_row_ = spins;
    for (int look = 0; look < looks; ++look) {
      const WindowTurn turn = AdvanceWindow(operation);
      if (look == 0 && is_small)
        Record(operation, operation.timed && !operation.unclocked() ? operation.arrived_ns : 0);
      if (turn == WindowTurn::kFinished) {
        if (operation.unclocked_and_unheard()) {
          operation.telemetry->AddUnclocked(*operation.record);
        } else if (operation.timed) {
          EndQuick(operation, spins ? look : kFirstLooks);
        }
        if (operation.flight != nullptr) {
          const bool clocked = operation.timed && !operation.unclocked();
          EndRecord(operation, Outcome::kOk, clocked ? operation.marks.finished_ns : 0);
        }
        looks_in_a_row_ = false;
        const uint64_t bytes = operation.bytes;
        CompareCalls(operation);
        operation.Finish(Outcome::kOk);
        LookAround(bytes);
        return StopDriving();
      }
      if (turn == WindowTurn::kMoved && SomebodyWaits()) break;
      if (spins) {
        if (look >= kQuickLooks && operation.timed) OnQuickLook(operation, look);
        SpinPause();
      } else {
        ::sched_yield();
      }
    }
    looks_in_a_row_ = false;
    ClockNow(operation);
    TakeSlot(operation);
    OpenRecordedWait(operation);
    EnqueueWindow(operation);
  }
  DriveUntil([&operation] { return operation.done(); });
  StopDriving();
}

// A rank whose operations never have to wait would not hear what peers have to say beside them, such as that they can read
// its memory now. One pass takes a fraction of a microsecond.
void Engine::LookAround(uint64_t bytes) {
  quick_bytes_ += bytes;
  if (quick_bytes_ < kQuickBytesPerPass) return;
  quick_bytes_ = 0;
  Pass();
}

void Engine::StartWindow(Operation& operation) {
  WindowGroup& group = *operation.group;
  if (!group.opened()) {
    const absl::Status status = group.Open();
    if (!status.ok()) {
      listener_.OnWindowLost(operation, std::string(status.message()));
      return;  // the listener sees to it that the channel fails
    }
  }
  operation.BeginWindow();
  group.ShowCalls(operation.all_read_all);
  OpenRecordedWait(operation);
  if (operation.timed) operation.marks.begun_ns = kNotBegun;
  EnqueueWindow(operation);
}

void Engine::EnqueueWindow(Operation& operation) {
  WindowTrack& track = *operation.track;
  if (track.queue.empty()) window_tracks_.push_back(&track);
  track.queue.push_back(&operation);
}

// True if anything moved.
bool Engine::RunWindows() {
  bool moved = false;
  for (size_t i = 0; i < window_tracks_.size();) {
    if (RunTrack(*window_tracks_[i], &moved)) {
      ++i;
      continue;
    }
    window_tracks_[i] = window_tracks_.back();
    window_tracks_.pop_back();
  }
  return moved;
}

// False when no operation is left; then the group may be gone.
bool Engine::RunTrack(WindowTrack& track, bool* moved) {
  MarkFront(track);
  WindowGroup& group = *track.queue.front()->group;
  if (!group.ready() && !group.FindPeers()) return true;
  for (;;) {
    Operation& operation = *track.queue.front();
    const WindowTurn turn = AdvanceWindow(operation);
    *moved |= turn != WindowTurn::kBlocked;
    if (turn == WindowTurn::kMoved && operation.flight != nullptr) {
      FlightRecorder::Advance(*operation.flight, operation.window_step, operation.plan().num_steps());
    }
    if (turn != WindowTurn::kFinished) return true;
    track.queue.erase(track.queue.begin());
    const bool last = track.queue.empty();
    End(operation, Outcome::kOk);
    if (last) return false;
    MarkFront(track);
  }
}

// The front operation of a track has its turn now; what was before was queueing.
void Engine::MarkFront(WindowTrack& track) {
  Operation& operation = *track.queue.front();
  if (operation.timed && operation.marks.begun_ns == kNotBegun) operation.marks.begun_ns = StampNs();
}

// All that the step takes is there. One that did not have to wait for it begins when the one before it was done, and so does
// one that had to look again a few times: that takes a tenth of a microsecond. So there is one look at the clock for each
// step, and one more for those that waited.
inline void Engine::BeginWindowWork(Operation& operation) {
  if (operation.timed && operation.plan().stamps_steps()) {
    const bool was_moment = looks_in_a_row_ && operation.window_looks <= kMomentLooks;
    const int64_t ready_ns = operation.window_step == 0 ? operation.marks.begun_ns : operation.window_done_ns;
    operation.window_posted_ns = was_moment ? ready_ns : StampNs();
  }
  stamped_ = false;
}

void Engine::EndWindowStep(Operation& operation) {
  operation.window_done_ns = StampNs();
  operation.window_took_ns[operation.window_step] = operation.window_done_ns - operation.window_posted_ns;
}

// What its steps took, counted when the operation is over: in between, their data would push the histograms out of the
// cache, and each step would wait for its own.
void Engine::CountWindowSteps(Operation& operation) {
  for (const StepGroup& group : operation.step_groups) {
    const int64_t* each_took_ns = operation.window_took_ns.data();
    const uint64_t took_ns =
        operation.telemetry->AddSteps(group, [each_took_ns](uint32_t step) { return each_took_ns[step]; });
    if (group.reduces) operation.marks.reduced_ns += static_cast<int64_t>(took_ns);
  }
}

Engine::WindowTurn Engine::AdvanceWindow(Operation& operation) {
  const Plan& plan = operation.plan();
  const std::vector<WindowPlanStep>& steps = plan.window_steps();
  const uint32_t first = operation.window_step;
  const bool stamps = operation.timed && plan.stamps_steps();
  while (operation.window_step < steps.size()) {
    if (operation.window_step - first >= kStepsPerTurn) return WindowTurn::kMoved;
    // One step of a large operation takes as long as many small ones.
    if (operation.window_step > first && plan.stamps_steps() && SomebodyWaits()) return WindowTurn::kMoved;
    const WindowPlanStep& step = steps[operation.window_step];
    if (!RunWindowStep(operation, step)) {
      stamped_ = false;
      ++operation.window_looks;
      operation.track->Progress(operation.window_done);
      return operation.window_step == first ? WindowTurn::kBlocked : WindowTurn::kMoved;
    }
    operation.window_waits_for = -1;
    operation.window_looks = 0;
    operation.window_done = operation.window_base + step.done;
    if (stamps) EndWindowStep(operation);
    ++operation.window_step;
  }
  WindowTrack& track = *operation.track;
  // Told before this rank waits for what the others tell: they may be waiting likewise.
  if (track.Progress(operation.window_base + plan.num_publishes())) stamped_ = false;
  if (!operation.window_lent || track.IsRead()) return WindowTurn::kFinished;
  stamped_ = false;
  operation.window_waits_for = track.holder();
  return operation.window_step == first ? WindowTurn::kBlocked : WindowTurn::kMoved;
}

// False if what it takes is not there yet.
bool Engine::RunWindowStep(Operation& operation, const WindowPlanStep& step) {
  const Plan& plan = operation.plan();
  WindowTrack& track = *operation.track;
  const uint64_t number = operation.window_base + step.number;
  if (step.kind == WindowStepKind::kPublish) {
    std::byte* to = track.BeginPublish(number, step.published_bytes);
    if (to == nullptr) {
      operation.window_waits_for = track.holder();
      return false;
    }
    BeginWindowWork(operation);
    TUTTI_DCHECK(step.published_bytes <= track.slot_bytes(), "a publish is longer than its track's slots");
    const std::byte* own = operation.At(step.own);
    const bool may_lend = step.lend == Lend::kYes || (step.lend == Lend::kIfApart && operation.window_lends_input);
    if (may_lend && track.Lend(number, own, step.published_bytes, step.peer)) {
      operation.window_lent = true;
    } else if (step.published_bytes > 0) {
      std::memcpy(to, own, step.published_bytes);
    }
    if (operation.timed && operation.window_says_arrival) {
      const Arrivals::Arrival& last = operation.marks.arrivals.last();
      track.EndPublish(number, operation.signature, operation.window_done, static_cast<uint32_t>(last.rank), last.ns);
    } else {
      track.EndPublish(number, operation.signature, operation.window_done, MessageStamp::kNobody, 0);
    }
    return true;
  }
  if (step.kind == WindowStepKind::kLocal) {
    BeginWindowWork(operation);
    std::memcpy(operation.At(step.dst), operation.At(step.own), step.bytes);
    return true;
  }
  reads_lent_ = false;
  if (step.kind == WindowStepKind::kCopy) {
    const std::byte* from = FindPublish(operation, step, step.peer, number);
    if (from == nullptr) return false;
    BeginWindowWork(operation);
    std::memcpy(operation.At(step.dst), from + step.offset_bytes, step.bytes);
    return HasRead(operation, step.peer, number);
  }
  const WindowGroup& group = *operation.group;
  if (reduce_sources_.size() < static_cast<size_t>(group.size()))
    reduce_sources_.resize(static_cast<size_t>(group.size()));
  for (int r = 0; r < group.size(); ++r) {
    if (r == group.rank()) {
      reduce_sources_[static_cast<size_t>(r)] = operation.At(step.own);
      continue;
    }
    const std::byte* from = FindPublish(operation, step, r, number);
    if (from == nullptr) return false;
    reduce_sources_[static_cast<size_t>(r)] = from + step.offset_bytes;
  }
  BeginWindowWork(operation);
  if (step.kind == WindowStepKind::kWait) return true;
  std::byte* dst = operation.At(step.dst);
  plan.reducer().ReduceMany(dst, reduce_sources_.data(), static_cast<size_t>(group.size()), step.count);
  if (step.finish) plan.reducer().Finish(dst, step.count, plan.num_ranks());
  for (int r = 0; reads_lent_ && r < group.size(); ++r) {
    if (r != group.rank() && !HasRead(operation, r, number)) return false;
  }
  return true;
}

// False if what this step has read of the rank had been taken back by then: its operation has failed, and so will this one.
bool Engine::HasRead(Operation& operation, int rank, uint64_t number) {
  if (!reads_lent_ || operation.track->StillLent(rank, number)) return true;
  operation.window_waits_for = rank;
  return false;
}

// Calls that differ without anybody having noticed by waiting for, or reading, what others publish.
void Engine::LookForOtherCalls(WindowGroup& group) {
  CallChain::Difference difference;
  const int rank = group.CompareCalls(&difference);
  if (rank < 0) return;
  listener_.OnOtherCall(group.channel(), group.job_rank(rank), difference.number, difference.here, difference.there);
}

// A rank that left in good order is missed only by those who still wait for it. Now and then, not in each pass.
void Engine::LookForTheGone() {
  for (size_t i = 0; i < window_tracks_.size(); ++i) {
    Operation& operation = *window_tracks_[i]->queue.front();
    const WindowGroup& group = *operation.group;
    const int rank = group.ready() ? operation.window_waits_for : group.FirstMissing();
    if (rank < 0 || operation.loss_told) continue;
    std::string why = group.WhyGone(rank);
    if (why.empty()) continue;
    // What it published, and read, before it went was there before the news: look once more.
    if (group.ready() && IsThere(operation, rank)) continue;
    operation.loss_told = true;
    listener_.OnPeerLost(group.job_rank(rank), std::move(why));
  }
}

// What the operation's next step takes of that rank.
bool Engine::IsThere(const Operation& operation, int rank) {
  const std::vector<WindowPlanStep>& steps = operation.plan().window_steps();
  if (operation.window_step == steps.size()) return operation.track->IsRead();
  const WindowPlanStep& step = steps[operation.window_step];
  const uint64_t number = operation.window_base + step.number;
  if (step.kind == WindowStepKind::kPublish) return operation.track->BeginPublish(number, 0) != nullptr;
  return operation.track->Find(rank, number) != nullptr;
}

// The payload of a rank's publish, or nullptr if it is not there, or not of this call.
const std::byte* Engine::FindPublish(Operation& operation, const WindowPlanStep& step, int rank, uint64_t number) {
  const WindowTrack::Header* header = operation.track->Find(rank, number);
  if (header == nullptr) {
    operation.window_waits_for = rank;
    return nullptr;
  }
  if (header->signature != operation.signature) {
    operation.window_waits_for = rank;
    if (!operation.mismatch_told) {
      operation.mismatch_told = true;
      listener_.OnMismatch(operation, operation.group->job_rank(rank), step.published_bytes, header->signature,
                           step.published_bytes);
    }
    return nullptr;
  }
  if (operation.timed) {
    // A rank in a hurry says when it arrived only if it had to wait, perhaps just now.
    const uint32_t arrived = header->arrived.load(std::memory_order_acquire);
    if (rank == operation.window_waits_for) {
      operation.window_silent_rank = arrived == MessageStamp::kNobody ? rank : -1;
    }
    if (arrived < static_cast<uint32_t>(operation.group->size())) {
      operation.HearArrival(static_cast<int32_t>(arrived), header->arrived_ns.load(std::memory_order_relaxed));
    }
  }
  const RegionPlace place = header->place();
  if (place.region == 0 || step.kind == WindowStepKind::kWait) {
    return operation.track->Payload(rank, number, step.published_bytes);
  }
  return FindLent(operation, rank, place, step.published_bytes);
}

const std::byte* Engine::FindLent(Operation& operation, int rank, const RegionPlace& place, uint64_t bytes) {
  reads_lent_ = true;
  const std::byte* payload = operation.track->LentPayload(rank, place, bytes);
  if (payload != nullptr) return payload;
  operation.window_waits_for = rank;
  if (operation.loss_told) return nullptr;
  operation.loss_told = true;
  listener_.OnPeerLost(operation.group->job_rank(rank),
                       absl::StrCat("the peer broke the protocol: it published ", bytes, " bytes that begin at byte ",
                                    place.offset, " of its memory number ", place.region,
                                    ", which this rank cannot read; do all ranks run the same tutti?"));
  return nullptr;
}

}  // namespace tutti
