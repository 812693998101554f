// SPDX-License-Identifier: Apache-2.0
// All that a communicator has measured since its last mark: for each kind of call a histogram and where the time went, for
// each rank how often it came last and what that cost this one, for each peer how long its messages were on their way, and for
// each sort of step, peer and rail a histogram of how long they took.
//
// Memory is fixed: at most kMaxRecords records of 19 KB each, made when a kind of call is first made, and kMaxStepRecords of
// as much for steps. Later kinds share one more record, and so do later sorts of steps.
//
// THREADS. RecordFor, StepRecordFor: the thread that starts operations. Add: the engine's driver; plain stores. The rest: any thread, at any
// time; what is read while operations end may miss the last of them.
#ifndef TUTTI_LIB_TELEMETRY_COMM_TELEMETRY_H_
#define TUTTI_LIB_TELEMETRY_COMM_TELEMETRY_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/functional/function_ref.h"

#include "lib/telemetry/histogram.h"
#include "lib/telemetry/operation_timing.h"
#include "lib/telemetry/step_record.h"

namespace tutti {

// A kind of call. What the numbers mean is for the communicator to say.
struct RecordKey {
  static constexpr uint8_t kShared = 255;

  uint8_t collective = 0;
  uint8_t algorithm = 0;
  uint8_t size_class = 0;  // of b bytes: the number of bits of b
  friend bool operator==(const RecordKey&, const RecordKey&) = default;
};

class OperationRecord {
 public:
  explicit OperationRecord(RecordKey key) : key_(key) {}

  const RecordKey& key() const { return key_; }
  const Histogram& total() const { return total_; }
  uint64_t queued_ns() const { return queued_.get(); }
  uint64_t waited_ns() const { return waited_.get(); }
  uint64_t reduced_ns() const { return reduced_.get(); }
  uint64_t coded_ns() const { return coded_.get(); }
  // Of the last quick operation that was clocked, and how many have ended since that one will also stand for.
  int64_t quick_ns() const { return static_cast<int64_t>(quick_.get()); }
  uint64_t unclocked() const { return unclocked_.get(); }
  uint64_t moved_ns() const { return total_.sum_ns() - queued_ns() - waited_ns() - reduced_ns() - coded_ns(); }

 private:
  friend class CommTelemetry;

  const RecordKey key_;
  Tally mark_;  // the CommTelemetry's when this was last cleared
  Tally queued_, waited_, reduced_, coded_;
  Tally quick_, unclocked_;
  Histogram total_;
};

// How often a rank came last, for operations of this rank.
struct RankBlame {
  uint64_t times_last = 0;
  uint64_t late_ns = 0;      // summed: by how much it came after this rank
  uint64_t max_late_ns = 0;  // the worst of it
};

// Messages from a peer: how long they were on their way once both ends were ready.
struct PathTimes {
  uint64_t messages = 0;
  uint64_t bytes = 0;
  uint64_t ns = 0;
  uint64_t max_ns = 0;
};

class CommTelemetry {
 public:
  static constexpr size_t kMaxRecords = 48;
  static constexpr size_t kMaxStepRecords = 63;
  static constexpr uint8_t kNoStepRecord = 255;  // of steps that are not counted

  explicit CommTelemetry(int size);

  // Whether operations that start from now on are measured.
  bool enabled() const { return enabled_.load(std::memory_order_relaxed); }
  void Enable(bool enabled) { enabled_.store(enabled, std::memory_order_relaxed); }

  // Valid for this object's life.
  OperationRecord* RecordFor(RecordKey key);

  // An operation has ended.
  void Add(OperationRecord& record, const OperationMarks& marks) {
    if (!IsPlain(marks)) return AddSplit(record, marks);
    const PlainTiming timing = SplitPlain(marks);
    const uint64_t mark = mark_.load(std::memory_order_relaxed);
    if (record.mark_.get() != mark) [[unlikely]]
      Clear(record, mark);
    record.total_.Add(timing.total_ns);
    record.waited_.Add(static_cast<uint64_t>(timing.waited_ns));
    AddBlame(marks.arrivals.last().rank, timing.last_by_ns, mark);
  }
  // QUICK OPERATIONS, of which only one in kQuickRun is clocked (lib/engine/engine_quick.cc). All by the thread that
  // starts operations, which drives then, too.
  // Fewer than one in a hundred, or the looks themselves would be the p99; and all ranks clock the same ones, the first of each
  // so many on the communicator, or each rank's would hold up the others at another time.
  static constexpr uint64_t kQuickRun = 128;
  // Whether the operation with that number may begin without a look at the clock.
  bool MayGoUnclocked(uint64_t sequence) const { return is_quick_ && sequence / kQuickRun == quick_run_; }
  bool is_quick() const { return is_quick_; }
  void NotQuick() { is_quick_ = false; }
  // It was clocked, and stands for those before it that were not.
  void AddQuick(OperationRecord& record, const OperationMarks& marks, uint64_t sequence) {
    is_quick_ = true;
    quick_run_ = sequence / kQuickRun;
    const PlainTiming timing = SplitPlain(marks);
    const uint64_t mark = mark_.load(std::memory_order_relaxed);
    if (record.mark_.get() != mark) [[unlikely]]
      Clear(record, mark);
    const uint64_t weight = 1 + record.unclocked_.get();
    record.unclocked_.Set(0);
    record.quick_.Set(static_cast<uint64_t>(timing.total_ns));
    record.total_.Add(timing.total_ns, weight);
    record.waited_.Add(weight * static_cast<uint64_t>(timing.waited_ns));
    AddBlame(marks.arrivals.last().rank, timing.last_by_ns, mark);
  }
  void AddUnclocked(OperationRecord& record) {
    const uint64_t mark = mark_.load(std::memory_order_relaxed);
    if (record.mark_.get() != mark) [[unlikely]]
      Clear(record, mark);
    record.unclocked_.Add(1);
  }
  // It was not clocked, but turned out to be late itself.
  void AddLate(OperationRecord& record, const OperationMarks& marks) {
    AddUnclocked(record);
    AddBlame(marks.arrivals.last().rank, SplitPlain(marks).last_by_ns, mark_.load(std::memory_order_relaxed));
  }

  // A message from the rank has come.
  void AddPath(int32_t rank, uint64_t bytes, int64_t ns);

  // The number of that sort's record, for AddStep.
  uint8_t StepRecordFor(StepKey key);
  // A step is done, after so long.
  void AddStep(uint8_t record, uint64_t bytes, int64_t ns) {
    if (record < step_records_.size()) step_records_[record]->Add(bytes, ns, mark_.load(std::memory_order_relaxed));
  }
  // All steps of the group are done, after next(step) ns each. Returns the sum of that.
  template <typename Next>
  uint64_t AddSteps(const StepGroup& group, Next next) {
    return step_records_[group.record]->AddAll(
        group.bytes, group.steps.size(), [&](size_t i) { return next(group.steps[i]); },
        mark_.load(std::memory_order_relaxed));
  }

  // Forgets what was measured before.
  void Mark() { mark_.fetch_add(1, std::memory_order_relaxed); }
  uint64_t epoch() const { return mark_.load(std::memory_order_relaxed); }

  // Those with measurements since the mark, in the order in which they were made.
  void VisitRecords(absl::FunctionRef<void(const OperationRecord&)> visit) const;
  void VisitSteps(absl::FunctionRef<void(const StepRecord&)> visit) const;
  RankBlame BlameOf(int32_t rank) const;
  PathTimes PathFrom(int32_t rank) const;
  int size() const { return static_cast<int>(ranks_.size()); }

 private:
  struct Rank {
    Tally mark;
    Tally times_last, late, max_late;
    Tally path_mark;
    Tally messages, bytes, path, max_path;
  };

  void AddBlame(int32_t last_rank, int64_t last_by_ns, uint64_t mark) {
    if (static_cast<size_t>(last_rank) >= ranks_.size()) return;
    Rank& rank = ranks_[static_cast<size_t>(last_rank)];
    if (rank.mark.get() != mark) [[unlikely]]
      ClearBlame(rank, mark);
    const auto late = static_cast<uint64_t>(last_by_ns < 0 ? 0 : last_by_ns);
    rank.times_last.Add(1);
    rank.late.Add(late);
    rank.max_late.Raise(late);
  }
  void AddSplit(OperationRecord& record, const OperationMarks& marks);
  static void Clear(OperationRecord& record, uint64_t mark);
  static void ClearBlame(Rank& rank, uint64_t mark);

  bool is_quick_ = false;
  uint64_t quick_run_ = 0;  // in which one was clocked
  std::atomic<bool> enabled_{true};
  std::atomic<uint64_t> mark_{1};
  std::vector<Rank> ranks_;
  mutable std::mutex mutex_;  // the lists; a record's content belongs to the driver
  std::vector<std::unique_ptr<OperationRecord>> records_;
  // Never moves: the driver looks at records that it knows while others are made. The last one is shared.
  std::array<std::unique_ptr<StepRecord>, kMaxStepRecords + 1> step_records_;
  size_t num_step_records_ = 0;
};

}  // namespace tutti

#endif  // TUTTI_LIB_TELEMETRY_COMM_TELEMETRY_H_
