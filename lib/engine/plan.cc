// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/plan.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include "lib/base/align.h"
#include "lib/engine/lendable.h"

namespace tutti {
namespace {

bool IsMessage(StepKind kind) {
  return kind == StepKind::kSend || kind == StepKind::kRecv || kind == StepKind::kRecvReduce;
}

// Where the slots of a schedule lie in bytes: each has room for a header and for the most that a codec makes of what is
// ever put into it.
class SlotPlaces {
 public:
  // Bytes from the beginning of the slots; `begin` of them are in use already.
  absl::Status Lay(const Schedule& schedule, DataType type, const CodecPair& codecs, uint64_t begin) {
    end_ = begin;
    if (schedule.coded_elements == 0) return absl::OkStatus();
    if (codecs.contributions == nullptr || codecs.results == nullptr) {
      return absl::InternalError("a schedule with codes was compiled without a codec");
    }
    for (const Step& step : schedule.steps) {
      if (step.kind != StepKind::kSend) Add(step.dst);
      for (const Region& source : schedule.SourcesOf(step)) Add(source);
    }
    for (auto& [offset, slot] : slots_) {
      for (const Codec* codec : {codecs.contributions, codecs.results}) {
        const size_t most = codec->MaxEncodedBytes(type, slot.count);
        if (most == 0 && slot.count > 0) {
          return absl::UnimplementedError(absl::StrCat("codec ", codec->identity().ToString(), " cannot encode ",
                                                       slot.count, " elements of ", DataTypeName(type)));
        }
        slot.capacity = std::max<uint64_t>(slot.capacity, most);
      }
      slot.place = end_;
      end_ += RoundUp(sizeof(CodedHeader) + slot.capacity, kCacheLineBytes);
    }
    return absl::OkStatus();
  }

  uint64_t PlaceOf(const Region& region) const { return slots_.at(region.offset).place; }
  uint64_t CapacityOf(const Region& region) const { return slots_.at(region.offset).capacity; }
  uint64_t end() const { return end_; }

 private:
  struct Slot {
    uint64_t count = 0;
    uint64_t capacity = 0;
    uint64_t place = 0;
  };

  void Add(const Region& region) {
    if (region.buffer != Buffer::kCoded || region.count == 0) return;
    Slot& slot = slots_[region.offset];
    slot.count = std::max(slot.count, region.count);
  }

  std::map<uint64_t, Slot> slots_;  // by first element
  uint64_t end_ = 0;
};

uint64_t CountOf(const Schedule& schedule, const Step& step) {
  return step.kind == StepKind::kSend ? schedule.SourcesOf(step)[0].count : step.dst.count;
}

}  // namespace

Plan::Plan(DataType type, ReduceOp op)
    : reducer_(type, op), type_(type), op_(op), element_bytes_(DataTypeBytes(type)) {}

Plan::Plan(DataType type, std::shared_ptr<const UserOp> op)
    : type_(type), element_bytes_(DataTypeBytes(type) * op->traits().item_elements) {
  reducer_ = Reducer(type, std::move(op));
}

absl::StatusOr<Plan> Plan::Compile(const Schedule& schedule, absl::Span<const int32_t> peers, DataType type,
                                   ReduceOp op, const CodecPair& codecs) {
  Plan plan(type, op);
  const absl::Status status = plan.CompileSteps(schedule, peers, codecs);
  if (!status.ok()) return status;
  return plan;
}

absl::StatusOr<Plan> Plan::Compile(const Schedule& schedule, absl::Span<const int32_t> peers, DataType type,
                                   std::shared_ptr<const UserOp> op) {
  Plan plan(type, std::move(op));
  const absl::Status status = plan.CompileSteps(schedule, peers, {});
  if (!status.ok()) return status;
  return plan;
}

absl::Status Plan::CompileSteps(const Schedule& schedule, absl::Span<const int32_t> peers, const CodecPair& codecs) {
  const uint64_t element_bytes = element_bytes_;
  const size_t num_steps = schedule.steps.size();
  num_ranks_ = static_cast<uint32_t>(peers.size());
  slots_begin_ = RoundUp(schedule.scratch_elements * element_bytes, kCacheLineBytes);
  SlotPlaces slots;
  if (absl::Status status = slots.Lay(schedule, type_, codecs, slots_begin_); !status.ok()) return status;
  scratch_bytes_ = slots.end();
  has_codecs_ = codecs.contributions != nullptr;
  const auto place_of = [&](const Region& region) -> BytePlace {
    if (region.buffer != Buffer::kCoded || region.count == 0) return {region.buffer, region.offset * element_bytes};
    return {Buffer::kScratch, slots.PlaceOf(region)};
  };

  sources_.reserve(schedule.sources.size());
  for (const Region& region : schedule.sources) sources_.push_back(place_of(region));

  std::vector<uint32_t> successor_counts(num_steps, 0);
  steps_.resize(num_steps);
  dependency_counts_.resize(num_steps);
  for (uint32_t i = 0; i < num_steps; ++i) {
    const Step& step = schedule.steps[i];
    PlanStep& out = steps_[i];
    out.kind = step.kind;
    out.message_first = step.message_first;
    out.finish = step.completes && op_ == ReduceOp::kAvg;
    out.message = step.message;
    out.first_source = step.first_source;
    out.num_sources = step.num_sources;
    out.count = CountOf(schedule, step);
    out.bytes = out.count * element_bytes;
    out.dst = place_of(step.dst);
    out.slice = step.slice;
    const Region& moved = step.kind == StepKind::kSend ? schedule.SourcesOf(step)[0] : step.dst;
    if (moved.buffer == Buffer::kCoded && moved.count > 0) {
      out.coded = IsMessage(step.kind);
      out.capacity = slots.CapacityOf(moved);
    }
    if (step.kind == StepKind::kEncode && step.slice.of_result) {
      result_elements_ = std::max(result_elements_, step.slice.offset + out.count);
    }
    max_sources_ = std::max(max_sources_, step.num_sources);
    if (IsMessage(step.kind)) {
      if (step.peer < 0 || step.peer >= static_cast<int>(peers.size())) {
        return absl::InternalError(
            absl::StrCat("the schedule names a rank outside the communicator: ", DescribeStep(schedule, i)));
      }
      out.peer = peers[static_cast<size_t>(step.peer)];
      out.peer_rank = step.peer;
      peers_.push_back(out.peer);
    }
    dependency_counts_[i] = step.num_dependencies;
    if (step.num_dependencies == 0) initial_steps_.push_back(i);
    for (uint32_t dependency : schedule.DependenciesOf(step)) {
      if (dependency >= i) {
        return absl::InternalError(absl::StrCat("a step depends on a later one: ", DescribeStep(schedule, i)));
      }
      ++successor_counts[dependency];
    }
  }
  std::sort(peers_.begin(), peers_.end());
  peers_.erase(std::unique(peers_.begin(), peers_.end()), peers_.end());

  uint32_t next = 0;
  for (uint32_t i = 0; i < num_steps; ++i) {
    steps_[i].first_successor = next;
    next += successor_counts[i];
  }
  successors_.resize(next);
  for (uint32_t i = 0; i < num_steps; ++i) {
    for (uint32_t dependency : schedule.DependenciesOf(schedule.steps[i])) {
      PlanStep& before = steps_[dependency];
      successors_[before.first_successor + before.num_successors++] = i;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Plan> Plan::CompileWindow(const WindowProgram& program, absl::Span<const int32_t> peers, int rank,
                                         DataType type, ReduceOp op) {
  Plan plan(type, op);
  const absl::Status status = plan.CompileWindowSteps(program, peers, rank);
  if (!status.ok()) return status;
  return plan;
}

absl::StatusOr<Plan> Plan::CompileWindow(const WindowProgram& program, absl::Span<const int32_t> peers, int rank,
                                         DataType type, std::shared_ptr<const UserOp> op) {
  Plan plan(type, std::move(op));
  const absl::Status status = plan.CompileWindowSteps(program, peers, rank);
  if (!status.ok()) return status;
  return plan;
}

absl::Status Plan::CompileWindowSteps(const WindowProgram& program, absl::Span<const int32_t> peers, int rank) {
  const uint64_t element_bytes = element_bytes_;
  const std::string broken = CheckWindowProgram(program, static_cast<uint32_t>(element_bytes));
  if (!broken.empty()) return absl::InternalError(broken);
  is_window_ = true;
  num_publishes_ = program.num_publishes;
  num_ranks_ = static_cast<uint32_t>(peers.size());
  window_steps_.reserve(program.steps.size());
  for (const WindowStep& step : program.steps) {
    WindowPlanStep out;
    out.kind = step.kind;
    out.finish = step.completes && op_ == ReduceOp::kAvg;
    out.peer = step.peer;
    out.number = step.number;
    out.done = step.done;
    out.published_bytes = step.published * element_bytes;
    out.offset_bytes = step.offset * element_bytes;
    out.count = step.dst.count;
    out.bytes = step.dst.count * element_bytes;
    out.own = {step.own.buffer, step.own.offset * element_bytes};
    out.dst = {step.dst.buffer, step.dst.offset * element_bytes};
    largest_step_bytes_ = std::max({largest_step_bytes_, out.bytes, out.published_bytes});
    window_steps_.push_back(out);
  }
  FindLendable(window_steps_);
  for (const WindowPlanStep& step : window_steps_) {
    if (step.lend == Lend::kIfApart) {
      lent_input_.Include(step.own.offset_bytes, step.own.offset_bytes + step.published_bytes);
    }
    if (step.dst.buffer == Buffer::kOutput) {
      written_output_.Include(step.dst.offset_bytes, step.dst.offset_bytes + step.bytes);
    }
  }
  for (size_t r = 0; r < peers.size(); ++r) {
    if (static_cast<int>(r) != rank) peers_.push_back(peers[r]);
  }
  std::sort(peers_.begin(), peers_.end());
  return absl::OkStatus();
}

}  // namespace tutti
