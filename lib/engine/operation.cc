// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/operation.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace tutti {
namespace {

constexpr size_t kScratchAlignment = 4096;

// Touched now, so that no page fault lands in the middle of a collective.
std::byte* NewPages(size_t bytes) {
  auto* memory = static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kScratchAlignment}));
  std::memset(memory, 0, bytes);
  return memory;
}

}  // namespace

const char* OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kOk:
      return "ok";
    case Outcome::kRunning:
      return "running";
    case Outcome::kPeerFailed:
      return "peer_failed";
    case Outcome::kTimeout:
      return "timeout";
    case Outcome::kMismatch:
      return "mismatch";
    case Outcome::kAborted:
      return "aborted";
    case Outcome::kCodecFailed:
      return "codec_failed";
    case Outcome::kInternal:
      return "internal";
  }
  return "";
}

void Operation::FreeAligned::operator()(std::byte* p) const {
  ::operator delete (p, std::align_val_t{kScratchAlignment});
}

Operation::Operation(std::shared_ptr<const Plan> plan) : plan_(std::move(plan)) {
  if (plan_->scratch_bytes() > 0) scratch_.reset(NewPages(plan_->scratch_bytes()));
  waiting_for_.resize(plan_->steps().size());
  progress_.resize(plan_->steps().size());
  if (plan_->has_slots()) parts_left_.resize(plan_->steps().size());
  if (plan_->stamps_steps()) {
    if (plan_->is_window()) {
      window_took_ns.resize(plan_->num_steps());
    } else {
      step_times.resize(plan_->num_steps());
    }
  }
}

void Operation::Begin() {
  base_[static_cast<size_t>(Buffer::kInput)] = user[0];
  base_[static_cast<size_t>(Buffer::kOutput)] = user[1];
  base_[static_cast<size_t>(Buffer::kScratch)] = scratch_.get();
  marks.raw_bytes = 0;
  marks.sent_bytes = 0;
  std::copy(plan_->dependency_counts().begin(), plan_->dependency_counts().end(), waiting_for_.begin());
  std::fill(progress_.begin(), progress_.end(), StepProgress::kWaiting);
  steps_left_ = static_cast<uint32_t>(plan_->steps().size());
  stalls = 0;
  deadline_told = false;
}

void Operation::BeginWindow() {
  base_[static_cast<size_t>(Buffer::kInput)] = user[0];
  base_[static_cast<size_t>(Buffer::kOutput)] = user[1];
  base_[static_cast<size_t>(Buffer::kScratch)] = scratch_.get();
  if (scaling.count > 0) ScaleInput();
  window_step = 0;
  window_done = window_base;
  window_looks = 0;
  window_waits_for = -1;
  window_silent_rank = -1;
  window_lends_input = plan_->lent_input().end > 0 && InputIsApart();
  window_lent = false;
  mismatch_told = false;
  loss_told = false;
  stalls = 0;
  deadline_told = false;
}

// What may be lent of the input is not written when the output is.
bool Operation::InputIsApart() const {
  const auto input = reinterpret_cast<uintptr_t>(user[0]);
  const auto output = reinterpret_cast<uintptr_t>(user[1]);
  const ByteRange& lent = plan_->lent_input();
  const ByteRange& written = plan_->written_output();
  return input + lent.end <= output + written.begin || output + written.end <= input + lent.begin;
}

std::byte* Operation::OwnInput(uint64_t input_bytes) {
  if (own_input_ == nullptr && input_bytes > 0) own_input_.reset(NewPages(input_bytes));
  return own_input_.get();
}

void Operation::ScaleInput() { plan_->reducer().Scale(user[0], scaling.from, scaling.factor, scaling.count); }

void Operation::BeginTiming(int64_t begun_ns) {
  marks.arrivals.Begin(rank, arrived_ns);
  marks.begun_ns = begun_ns;
  marks.reduced_ns = 0;
  marks.coded_ns = 0;
  marks.slowest.peer = -1;
  marks.slowest.ns = 0;
  window_says_arrival = true;
  window_clock = WindowClock::kClocked;
}

void Operation::Finish(Outcome outcome) {
  if (completions != nullptr && outcome == Outcome::kOk) {
    completions->store(completions->load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  if (!fused_parts.empty()) FinishParts(outcome);
  outcome_.store(outcome, std::memory_order_release);
}

// A part's operation belongs to whoever waits for it from the moment in which it has an outcome: all results come first.
void Operation::FinishParts(Outcome outcome) {
  if (outcome == Outcome::kOk) {
    for (const Part& part : fused_parts) {
      if (part.to != nullptr) std::memcpy(part.to, own_input_.get() + part.offset_bytes, part.bytes);
    }
  }
  for (const Part& part : fused_parts) {
    if (part.operation == nullptr) continue;
    part.operation->timed = timed;
    part.operation->record = record;
    part.operation->marks = marks;
    part.operation->window_clock = window_clock;
    part.operation->outcome_.store(outcome, std::memory_order_release);
  }
  fused_parts.clear();
}

}  // namespace tutti
