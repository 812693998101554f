// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/communicator.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "collectives/schedule/builder.h"
#include "lib/base/log.h"
#include "lib/comm/job.h"
#include "lib/telemetry/overrun.h"

namespace tutti {
namespace {

// The arrival of an operation while telemetry is off.
constexpr int64_t kNotMeasured = INT64_MIN;

// One send or receive as a schedule of one step, from the caller's buffer.
Schedule MessageSchedule(bool is_send, int peer, uint64_t count) {
  Schedule schedule;
  Step step;
  step.peer = peer;
  if (is_send) {
    step.kind = StepKind::kSend;
    step.num_sources = 1;
    schedule.sources.push_back(Input(0, count));
  } else {
    step.kind = StepKind::kRecv;
    step.dst = Output(0, count);
  }
  schedule.steps.push_back(step);
  return schedule;
}

}  // namespace

Communicator::Communicator(std::shared_ptr<Job> job, uint32_t channel, std::vector<int32_t> members, int rank)
    : job_(std::move(job)),
      channel_(channel),
      members_(std::move(members)),
      rank_(rank),
      levels_(job_->LevelsOf(members_)),
      crowded_(job_->IsCrowded(members_)),
      telemetry_(size()) {
  telemetry_.Enable(job_->options().telemetry);
  budget_.SetBudget(job_->options().budget_ns);
  if (job_->recorder() != nullptr) flight_channel_ = job_->recorder()->OpenChannel(channel_, rank_, size());
  export_ = CommExport::For(*this, *job_);
  job_->Register(*this);
}

absl::StatusOr<Operation*> Communicator::Make(const CollectiveCall& call) {
  const int64_t arrived_ns = ArrivalNs();
  absl::StatusOr<Operation*> operation = Bind(call);
  if (!operation.ok()) return operation.status();
  const absl::Status status = Enter(**operation, call, arrived_ns);
  if (status.ok()) return operation;
  (*operation)->Release();
  return status;
}

absl::Status Communicator::Renew(Operation& operation, const CollectiveCall& call) {
  operation.first_run = false;
  return Enter(operation, call, ArrivalNs());
}

absl::Status Communicator::Enter(Operation& operation, const CollectiveCall& call, int64_t arrived_ns) {
  if (outcome() != Outcome::kOk) return HasFailed();
  if (call.codec != nullptr && size() > 1) {
    const absl::Status filled = FillCoded(operation, call);
    if (!filled.ok()) return filled;
  }
  operation.sequence = entered_.load(std::memory_order_relaxed);
  if (operation.plan().is_window()) {
    operation.window_base = operation.track->next_number;
    operation.track->next_number += operation.plan().num_publishes();
  }
  if (windows_ != nullptr) windows_->calls.Add(operation.signature);
  RememberCall(operation.sequence, operation.signature);
  entered_.store(operation.sequence + 1, std::memory_order_release);
  if (flight_channel_ != nullptr) flight_channel_->entered.store(operation.sequence + 1, std::memory_order_relaxed);
  operation.urgent = call.urgent;
  PrepareTiming(operation, arrived_ns, call.budget_ns);
  Prepare(operation, call.timeout_ns);
  return absl::OkStatus();
}

absl::Status Communicator::FillCoded(Operation& operation, const CollectiveCall& call) {
  CommCodec& codec = *call.codec;
  if (codec.MustTellCost()) TellCodecCost(codec);
  const uint64_t step = call.step != 0 ? call.step : entered_.load(std::memory_order_relaxed) + 1;
  const absl::Status filled =
      codec.Fill(call.tensor, step, call.type, call.count, operation.plan().result_elements(), &operation.coded);
  if (!filled.ok()) return filled;
  operation.coded.rank = rank_;
  // Inside hosts, messages tell nothing of the codec.
  if (!levels_.groups.empty()) operation.signature = WithCodes(operation.signature, operation.coded.header.Hash());
  return absl::OkStatus();
}

void Communicator::TellCodecCost(const CommCodec& codec) const {
  const CodecTotals& totals = codec.totals();
  TUTTI_LOG(kWarn, "codec ", codec.codec().identity().ToString(), " costs more than it saves on ",
            job_->NameOf(members_[static_cast<size_t>(rank_)]), ", communicator ", channel_, ": in ",
            totals.operations.get(), " operations it took ", totals.coded.get() / 1000000, " ms, and saved about ",
            static_cast<int64_t>(totals.SavedNs() / 1e6), " ms of moving (", totals.sent_bytes.get(),
            " bytes instead of ", totals.raw_bytes.get(), "). Do without it on this path.");
}

absl::StatusOr<Operation*> Communicator::Make(const MessageCall& call) {
  const int64_t arrived_ns = ArrivalNs();
  if (outcome() != Outcome::kOk) return HasFailed();
  PlanKey key;
  key.is_send = call.is_send;
  key.is_recv = !call.is_send;
  key.shape.num_ranks = size();
  key.shape.root = call.peer;
  key.shape.count = call.count;
  key.shape.element_bytes = static_cast<uint32_t>(DataTypeBytes(call.type));
  key.type = call.type;

  absl::StatusOr<PlanCache::Acquired> acquired = plans_.Acquire(key, [&]() -> absl::StatusOr<Plan> {
    return Plan::Compile(MessageSchedule(call.is_send, call.peer, call.count), members_, call.type, ReduceOp::kSum);
  });
  if (!acquired.ok()) return acquired.status();
  Operation& operation = *acquired->operation;
  if (acquired->first_use_of_plan) {
    if (!ConnectPeers(operation)) return HasFailed();
  }

  std::byte* data = static_cast<std::byte*>(call.data);
  operation.user = {data, data};
  operation.index_base = MessageIndex(call.tag);
  operation.signature = PackSignature({.is_message = true, .type = call.type, .count = call.count});
  operation.sequence = (call.is_send ? sent_ : received_)[{call.peer, call.tag}]++;
  operation.completions = nullptr;
  operation.bytes = call.count * key.shape.element_bytes;
  operation.urgent = call.urgent;
  Describe(operation, key);
  PrepareTiming(operation, arrived_ns, call.budget_ns);
  Prepare(operation, call.timeout_ns);
  return &operation;
}

absl::StatusOr<Operation*> Communicator::Start(const CollectiveCall& call) {
  absl::StatusOr<Operation*> operation = Make(call);
  if (operation.ok()) job_->engine().Submit(**operation);
  return operation;
}

absl::StatusOr<Operation*> Communicator::Start(const MessageCall& call) {
  absl::StatusOr<Operation*> operation = Make(call);
  if (operation.ok()) job_->engine().Submit(**operation);
  return operation;
}

void Communicator::Prepare(Operation& operation, int64_t timeout_ns) {
  operation.channel = channel_;
  operation.owner = this;
  operation.job_ranks = members_.data();
  operation.flight_channel = flight_channel_;
  operation.timeout_ns = timeout_ns > 0 ? timeout_ns : job_->options().timeout_ns;
}

int64_t Communicator::ArrivalNs() {
  if (!telemetry_.enabled()) return kNotMeasured;
  return telemetry_.MayGoUnclocked(entered_.load(std::memory_order_relaxed)) ? Operation::kNoClockYet
                                                                             : job_->clock().NowNs();
}

const char* Communicator::RailName(uint8_t rail) const { return job_->TransportName(rail); }

void Communicator::PrepareTiming(Operation& operation, int64_t arrived_ns, int64_t budget_ns) {
  // A record is missing where telemetry was off when the operation was bound.
  operation.timed = arrived_ns != kNotMeasured && operation.record != nullptr;
  if (!operation.timed) return;
  operation.arrived_ns = arrived_ns;
  operation.budget_ns = budget_ns > 0 ? budget_ns : budget_.budget_ns();
  operation.rank = rank_;
}

absl::StatusOr<Operation*> Communicator::MakeFused(const CollectiveCall& call) {
  // Nobody waits for those of earlier groups, so nobody has given them back.
  const auto is_over = [](Operation* operation) {
    const bool over = operation->done();
    if (over) operation->Release();
    return over;
  };
  fused_.erase(std::remove_if(fused_.begin(), fused_.end(), is_over), fused_.end());
  absl::StatusOr<Operation*> operation = Make(call);
  if (operation.ok()) fused_.push_back(*operation);
  return operation;
}

Operation& Communicator::TakePart() {
  if (no_plan_ == nullptr) {
    no_plan_ = std::make_shared<const Plan>(*Plan::Compile(Schedule(), members_, DataType::kInt8, ReduceOp::kSum));
  }
  // Those that were taken first are given back first, as a rule.
  for (size_t i = 0; i < parts_.size(); ++i) {
    Operation& part = *parts_[next_part_++ % parts_.size()];
    if (part.TryAcquire()) return part;
  }
  parts_.push_back(std::make_unique<Operation>(no_plan_));
  Operation& part = *parts_.back();
  part.TryAcquire();
  part.owner = this;
  part.channel = channel_;
  return part;
}

void Communicator::MarkTelemetry() {
  if (export_ != nullptr) export_->BeforeMark();
  telemetry_.Mark();
}

void Communicator::TellOverrun(const Operation& operation) {
  const OperationTiming timing = operation.Timing();
  budget_.Tell(timing, operation.budget_ns, job_->clock().NowNs(), [&] {
    return DescribeOverrun(NameOf(operation), timing, operation.budget_ns, [this](int32_t rank) {
      const bool exists = static_cast<size_t>(rank) < members_.size();
      return exists ? job_->NameOf(members_[static_cast<size_t>(rank)]) : "a rank that does not exist";
    });
  });
}

absl::Status Communicator::RunAndWait(const CollectiveCall& call) {
  absl::StatusOr<Operation*> operation = Make(call);
  if (!operation.ok()) return operation.status();
  job_->engine().SubmitAndWait(**operation);
  const Outcome outcome = (*operation)->outcome();
  (*operation)->Release();
  return outcome == Outcome::kOk ? absl::OkStatus() : HasFailed();
}

}  // namespace tutti
