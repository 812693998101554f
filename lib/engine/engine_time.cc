// SPDX-License-Identifier: Apache-2.0
// The engine and telemetry: what it writes into its messages about time, what it reads from those of others, and what it makes
// of it when an operation ends. On the data path: nothing here allocates but NeedPeerClock.
#include <algorithm>

#include "lib/base/checks.h"
#include "lib/engine/engine.h"
#include "lib/engine/step_context.h"
#include "lib/telemetry/comm_telemetry.h"
#include "lib/telemetry/trace_ring.h"

namespace tutti {
namespace {

// An arrival cannot be later than its message, nor as old as this. A stamp that says so is wrong, and so says nothing.
constexpr int64_t kOldestArrivalNs = 7 * 86'400 * kNsPerSecond;

constexpr uint32_t kLargestTag = 0x7fffffff;

}  // namespace

// Control path: when the peer is connected.
void Engine::NeedPeerClock(int32_t peer) {
  std::unique_ptr<PeerClock>& clock = peer_clocks_[static_cast<size_t>(peer)];
  if (clock == nullptr) clock = std::make_unique<PeerClock>();
  compares_clocks_.store(true, std::memory_order_relaxed);
}

void Engine::FollowAnchor(const AnchorClock& anchor) {
  std::lock_guard<std::mutex> lock(mutex_);
  new_anchor_ = anchor;
  control_pending_.store(true, std::memory_order_release);
}

// What the peer cannot find out by itself: from its own messages, else, if none have come, by way of rank 0's clock.
void Engine::SetClockBound(const PeerClock& peer, int64_t now_ns, MessageStamp* stamp) const {
  const int64_t bound_ns = peer.BoundForPeer(now_ns);
  if (bound_ns != PeerClock::kUnknown) return stamp->SetClockBound(bound_ns, /*is_of_rank_0=*/false);
  stamp->SetClockBound(anchor_.MostAheadNs(now_ns), /*is_of_rank_0=*/true);
}

// By how much the sender's clock can be ahead of this rank's, as the stamp tells.
int64_t Engine::ClockBoundIn(const MessageStamp& stamp, int64_t now_ns) const {
  const int64_t bound_ns = stamp.clock_bound_ns();
  if (bound_ns == MessageStamp::kNoBound || !stamp.clock_bound_is_of_rank_0()) return bound_ns;
  const int64_t behind_ns = anchor_.MostBehindNs(now_ns);
  int64_t sum_ns = 0;
  if (behind_ns == AnchorClock::kUnknown || __builtin_add_overflow(bound_ns, behind_ns, &sum_ns)) {
    return PeerClock::kUnknown;
  }
  return sum_ns;
}

void Engine::VisitPeerClocks(absl::FunctionRef<void(int32_t, const PeerClock&)> visit) const {
  for (size_t peer = 0; peer < peer_clocks_.size(); ++peer) {
    if (peer_clocks_[peer] != nullptr) visit(static_cast<int32_t>(peer), *peer_clocks_[peer]);
  }
}

// They are about to be posted.
void Engine::StampRequests(Lane& lane) {
  lane.stamps = false;
  const int64_t now_ns = StampNs();
  for (const RecvRequest& recv : lane.recvs) {
    Operation& operation = *active_[SlotOf(recv.context)].operation;
    if (operation.timed) operation.step_times[StepOf(recv.context)].posted_ns = now_ns;
  }
  for (SendRequest& send : lane.sends) {
    Operation& operation = *active_[SlotOf(send.context)].operation;
    if (!operation.timed) continue;
    operation.step_times[StepOf(send.context)].posted_ns = now_ns;
    const int32_t to = operation.plan().steps()[StepOf(send.context)].peer_rank;
    const Arrivals::Arrival& arrival = operation.marks.arrivals.ToTell(to);
    send.stamp.SetArrival(static_cast<uint32_t>(arrival.rank), arrival.ns, arrival.error_ns);
    send.stamp.SetSent(now_ns);
    const PeerClock* clock = peer_clocks_[static_cast<size_t>(send.peer)].get();
    if (clock != nullptr) SetClockBound(*clock, now_ns, &send.stamp);
  }
}

// The message of a receive is here.
void Engine::Hear(Operation& operation, uint32_t index, const MessageStamp& stamp, uint64_t bytes) {
  const PlanStep& step = operation.plan().steps()[index];
  const int64_t now_ns = StampNs();
  const int64_t sent_ns = stamp.sent_ns();
  PeerClock::Offset offset{0, 0};
  if (PeerClock* clock = peer_clocks_[static_cast<size_t>(step.peer)].get()) {
    clock->Heard(sent_ns, ClockBoundIn(stamp, now_ns), now_ns);
    offset = clock->At(now_ns);
    if (!offset.known()) return;
  }
  int64_t arrived_ns = 0;
  int64_t error_ns = 0;
  if (stamp.rank() >= operation.plan().num_ranks() ||
      __builtin_sub_overflow(stamp.arrival_ns, offset.ns, &arrived_ns) ||
      __builtin_add_overflow(stamp.error_ns(), offset.error_ns, &error_ns)) {
    return;
  }
  if (arrived_ns - error_ns > now_ns || arrived_ns < now_ns - kOldestArrivalNs) return;
  operation.marks.arrivals.Hear(static_cast<int32_t>(stamp.rank()), arrived_ns, error_ns);

  // On its way only since both ends were ready.
  if (sent_ns == MessageStamp::kNoBound) return;
  const int64_t way_ns = now_ns - std::max(sent_ns - offset.ns, operation.step_times[index].posted_ns);
  operation.telemetry->AddPath(step.peer_rank, bytes, way_ns);
  operation.telemetry->AddStep(operation.step_records[index], bytes, way_ns);
  if (way_ns > operation.marks.slowest.ns) {
    operation.marks.slowest = {step.peer_rank, index,           bytes,
                               way_ns,         offset.error_ns, lane_of_peer_[static_cast<size_t>(step.peer)]};
  }
}

void Engine::EndStep(Operation& operation, uint32_t index) {
  StepTimes& times = operation.step_times[index];
  times.done_ns = StampNs();
  const PlanStep& step = operation.plan().steps()[index];
  // Since when a message was on its way, Hear knows.
  if (step.kind == StepKind::kRecv || step.kind == StepKind::kRecvReduce) return;
  operation.telemetry->AddStep(operation.step_records[index], step.bytes, times.done_ns - times.posted_ns);
}

void Engine::WriteTrace(const Operation& operation, Outcome outcome) {
  TraceRecord* record = operation.trace->Begin();
  if (record == nullptr) return;
  record->sequence = operation.sequence;
  record->label = operation.label;
  record->tag = operation.is_message() ? operation.index_base & kLargestTag : 0;
  record->outcome = static_cast<int32_t>(outcome);
  record->marks = operation.marks;
  operation.trace->End();
}

void Engine::EndTiming(Operation& operation, Outcome outcome) {
  TUTTI_DCHECK(!operation.unclocked(), "an operation ended whose arrival nobody looked at");
  operation.marks.finished_ns = StampNs();
  if (outcome == Outcome::kOk) CountWindowSteps(operation);
  // Its publish came just now, without a word about when it arrived.
  const int silent = operation.window_silent_rank;
  if (silent >= 0 && operation.marks.arrivals.last().rank == operation.rank) {
    operation.marks.arrivals.Hear(silent, operation.marks.finished_ns);
  }
  Trace(operation, outcome);
  if (outcome != Outcome::kOk) return;
  operation.telemetry->Add(*operation.record, operation.marks);
  if (operation.plan().has_slots()) operation.coded.totals->Add(operation.marks);
  if (operation.marks.finished_ns - operation.arrived_ns > operation.budget_ns) listener_.OnOverrun(operation);
}

}  // namespace tutti
