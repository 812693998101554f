// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/comm_telemetry.h"

namespace tutti {

CommTelemetry::CommTelemetry(int size) : ranks_(static_cast<size_t>(size)) { records_.reserve(kMaxRecords + 1); }

OperationRecord* CommTelemetry::RecordFor(RecordKey key) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& record : records_) {
    if (record->key() == key) return record.get();
  }
  if (records_.size() > kMaxRecords) return records_.back().get();
  if (records_.size() == kMaxRecords) key = {RecordKey::kShared, RecordKey::kShared, RecordKey::kShared};
  records_.push_back(std::make_unique<OperationRecord>(key));
  return records_.back().get();
}

uint8_t CommTelemetry::StepRecordFor(StepKey key) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (size_t i = 0; i < num_step_records_; ++i) {
    if (step_records_[i]->key() == key) return static_cast<uint8_t>(i);
  }
  if (num_step_records_ > kMaxStepRecords) return kMaxStepRecords;
  if (num_step_records_ == kMaxStepRecords) key = {};
  step_records_[num_step_records_] = std::make_unique<StepRecord>(key);
  return static_cast<uint8_t>(num_step_records_++);
}

void CommTelemetry::AddSplit(OperationRecord& record, const OperationMarks& marks) {
  const TimeParts timing = PartsOf(marks);
  const uint64_t mark = mark_.load(std::memory_order_relaxed);
  if (record.mark_.get() != mark) Clear(record, mark);
  record.total_.Add(timing.total_ns);
  record.queued_.Add(static_cast<uint64_t>(timing.queued_ns));
  record.waited_.Add(static_cast<uint64_t>(timing.waited_ns));
  record.reduced_.Add(static_cast<uint64_t>(timing.reduced_ns));
  record.coded_.Add(static_cast<uint64_t>(timing.coded_ns));
  AddBlame(timing.last_rank, timing.last_by_ns, mark);
}

void CommTelemetry::Clear(OperationRecord& record, uint64_t mark) {
  record.total_.Clear();
  record.queued_.Set(0);
  record.waited_.Set(0);
  record.reduced_.Set(0);
  record.coded_.Set(0);
  record.unclocked_.Set(0);
  record.mark_.Set(mark);
}

void CommTelemetry::ClearBlame(Rank& rank, uint64_t mark) {
  rank.times_last.Set(0);
  rank.late.Set(0);
  rank.max_late.Set(0);
  rank.mark.Set(mark);
}

void CommTelemetry::AddPath(int32_t index, uint64_t bytes, int64_t ns) {
  if (static_cast<size_t>(index) >= ranks_.size()) return;
  Rank& rank = ranks_[static_cast<size_t>(index)];
  const uint64_t mark = mark_.load(std::memory_order_relaxed);
  if (rank.path_mark.get() != mark) {
    rank.messages.Set(0);
    rank.bytes.Set(0);
    rank.path.Set(0);
    rank.max_path.Set(0);
    rank.path_mark.Set(mark);
  }
  const auto took = static_cast<uint64_t>(ns < 0 ? 0 : ns);
  rank.messages.Add(1);
  rank.bytes.Add(bytes);
  rank.path.Add(took);
  rank.max_path.Raise(took);
}

void CommTelemetry::VisitRecords(absl::FunctionRef<void(const OperationRecord&)> visit) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t mark = mark_.load(std::memory_order_relaxed);
  for (const auto& record : records_) {
    if (record->mark_.get() == mark) visit(*record);
  }
}

void CommTelemetry::VisitSteps(absl::FunctionRef<void(const StepRecord&)> visit) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const uint64_t mark = mark_.load(std::memory_order_relaxed);
  for (size_t i = 0; i < num_step_records_; ++i) {
    if (step_records_[i]->HasSince(mark)) visit(*step_records_[i]);
  }
}

RankBlame CommTelemetry::BlameOf(int32_t index) const {
  const Rank& rank = ranks_[static_cast<size_t>(index)];
  if (rank.mark.get() != mark_.load(std::memory_order_relaxed)) return {};
  return {rank.times_last.get(), rank.late.get(), rank.max_late.get()};
}

PathTimes CommTelemetry::PathFrom(int32_t index) const {
  const Rank& rank = ranks_[static_cast<size_t>(index)];
  if (rank.path_mark.get() != mark_.load(std::memory_order_relaxed)) return {};
  return {rank.messages.get(), rank.bytes.get(), rank.path.get(), rank.max_path.get()};
}

}  // namespace tutti
