// SPDX-License-Identifier: Apache-2.0
// Telemetry of small operations over windows. They take a fraction of a microsecond, so that two looks at a clock would be a
// tenth of them. While they are quick, that is while nobody is waited for, only one in kQuickRun of them is clocked, and
// stands for the others. As soon as one has to wait, there is time to look at the clock: then it tells the others, in its
// publish, when it arrived, and whoever was late finds that there. So what is slow is always measured, and by everyone.
#include <algorithm>

#include "lib/engine/engine.h"
#include "lib/telemetry/comm_telemetry.h"

namespace tutti {

void Engine::BeginQuick(Operation& operation) {
  if (operation.arrived_ns == Operation::kNoClockYet) operation.arrived_ns = near_clock_.NowNs();
  const bool stamps = operation.plan().stamps_steps();
  operation.BeginTiming(stamps && operation.first_run ? near_clock_.NowNs() : operation.arrived_ns);
  // Nothing has been done since the call was entered.
  stamp_ns_ = operation.marks.begun_ns;
  stamped_ = stamps;
  // The others would look at the clock if they heard of it, and that is what they are spared.
  operation.window_says_arrival = !operation.telemetry->is_quick();
}

// After so many looks it is not there yet.
void Engine::OnQuickLook(Operation& operation, int look) {
  if (look == 2 * kQuickLooks) {
    // The shortest that they took, forgotten slowly: a thread may lose its core between two looks.
    const int64_t took_ns = near_clock_.NowNs() - quick_looks_end_ns_;
    quick_looks_ns_ = std::min(took_ns, quick_looks_ns_ + quick_looks_ns_ / 64 + 1);
    return;
  }
  if (operation.window_says_arrival) return;
  quick_looks_end_ns_ = near_clock_.NowNs();
  if (operation.unclocked()) {
    operation.ClockAt(quick_looks_end_ns_ - quick_looks_ns_);
  }
  operation.window_says_arrival = true;
  SayArrival(operation);
}

// It is about to take its place among the others, perhaps after few looks.
void Engine::ClockNow(Operation& operation) {
  if (!operation.unclocked()) return;
  operation.ClockAt(near_clock_.NowNs());
  SayArrival(operation);
}

// In the last publish it made.
void Engine::SayArrival(Operation& operation) {
  const auto& steps = operation.plan().window_steps();
  for (uint32_t i = operation.window_step; i > 0; --i) {
    if (steps[i - 1].kind != WindowStepKind::kPublish) continue;
    operation.track->SayArrival(operation.window_base + steps[i - 1].number, static_cast<uint32_t>(operation.rank),
                                operation.arrived_ns);
    return;
  }
}

void Engine::EndQuick(Operation& operation, int look) {
  CommTelemetry& telemetry = *operation.telemetry;
  // The look at which it would have been clocked was its last: that is still quick.
  if (look > kQuickLooks || operation.plan().stamps_steps()) {
    telemetry.NotQuick();
    return EndTiming(operation, Outcome::kOk);
  }
  if (!operation.unclocked()) {
    operation.marks.finished_ns = near_clock_.NowNs();
    Trace(operation, Outcome::kOk);
    return telemetry.AddQuick(*operation.record, operation.marks, operation.sequence);
  }
  const Arrivals::Arrival last_other = operation.marks.arrivals.last();
  // All others were there, and had waited long enough to say so: this rank was late.
  operation.ClockAt(near_clock_.NowNs());
  operation.marks.arrivals.Hear(last_other.rank, last_other.ns);
  SayArrival(operation);  // for those that slept, and look only now
  operation.marks.finished_ns = operation.arrived_ns + operation.record->quick_ns();
  Trace(operation, Outcome::kOk);
  telemetry.AddLate(*operation.record, operation.marks);
}

}  // namespace tutti
