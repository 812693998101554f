// SPDX-License-Identifier: Apache-2.0
// How dependencies are found: each memory (the output, and scratch) has an AccessHistory. Input and output share memory
// in place, so the input is entered in the output's history where they overlap; elsewhere the input is read only and
// orders nothing. A dependency that follows from another one is dropped if a short search backwards shows it.
#include "collectives/schedule/builder.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "collectives/schedule/access_history.h"
#include "lib/base/align.h"
#include "lib/base/checks.h"

namespace tutti {
namespace {

// How many dependencies a search for redundant ones looks at. Redundant ones are nearly always two or three steps away.
constexpr int kMaxSearch = 64;

}  // namespace

struct ScheduleBuilder::State {
  State(const Shape& the_shape, int the_rank)
      : shape(the_shape),
        rank(the_rank),
        input_elements(InputElements(shape, rank)),
        output_elements(OutputElements(shape, rank)),
        aliased(shape.in_place && input_elements > 0 && output_elements > 0),
        messages_to(static_cast<size_t>(shape.num_ranks), 0),
        messages_from(static_cast<size_t>(shape.num_ranks), 0) {}

  StepId Add(Step step, absl::Span<const Region> sources, absl::Span<const StepId> wishes);
  uint64_t SizeOf(Buffer buffer) const;
  void CheckRegion(const Region& region) const;
  void Access(const Region& region, bool write, StepId id);
  void DropImplied(StepId id);

  const Shape shape;
  const int rank;
  const uint64_t input_elements;
  const uint64_t output_elements;
  const bool aliased;

  Schedule schedule;
  std::vector<uint32_t> messages_to;  // by peer: how many so far
  std::vector<uint32_t> messages_from;
  AccessHistory output_history;
  AccessHistory scratch_history;
  AccessHistory coded_history;

  // Reused by each Add.
  std::vector<uint32_t> after;
  std::vector<uint32_t> search;
  std::vector<StepId> found_by;  // by step: the last step whose search came by
};

uint64_t ScheduleBuilder::State::SizeOf(Buffer buffer) const {
  switch (buffer) {
    case Buffer::kInput:
      return input_elements;
    case Buffer::kOutput:
      return output_elements;
    case Buffer::kScratch:
      return schedule.scratch_elements;
    case Buffer::kCoded:
      return schedule.coded_elements;
  }
  return 0;
}

void ScheduleBuilder::State::CheckRegion(const Region& region) const {
  TUTTI_DCHECK(region.offset <= SizeOf(region.buffer) && region.count <= SizeOf(region.buffer) - region.offset, "rank ",
               rank, " of ", shape.num_ranks, " in ", CollectiveName(shape.collective), ": ", region.count,
               " elements at ", region.offset, " leave a buffer of ", SizeOf(region.buffer));
}

void ScheduleBuilder::State::Access(const Region& region, bool write, StepId id) {
  CheckRegion(region);
  uint64_t begin = region.offset;
  uint64_t end = region.offset + region.count;
  if (region.buffer == Buffer::kInput) {
    TUTTI_DCHECK(!write, "a schedule writes to its input");
    if (!aliased) return;
    // The part of it that is also output; only that is ever written.
    const int64_t shift = InputOffsetInOutput(shape, rank);
    const int64_t last = static_cast<int64_t>(output_elements);
    begin = static_cast<uint64_t>(std::clamp<int64_t>(static_cast<int64_t>(begin) + shift, 0, last));
    end = static_cast<uint64_t>(std::clamp<int64_t>(static_cast<int64_t>(end) + shift, 0, last));
  }
  AccessHistory& history = region.buffer == Buffer::kScratch ? scratch_history
                           : region.buffer == Buffer::kCoded ? coded_history
                                                             : output_history;
  if (write) {
    history.Write(begin, end, id, after);
  } else {
    history.Read(begin, end, id, after);
  }
}

void ScheduleBuilder::State::DropImplied(StepId id) {
  if (after.size() < 2) return;
  const uint32_t earliest = after.front();
  int left = kMaxSearch;
  search = after;
  // From the latest backwards: an implied dependency is reached from a later one.
  while (!search.empty() && left > 0) {
    const uint32_t step = search.back();
    search.pop_back();
    for (uint32_t dependency : schedule.DependenciesOf(schedule.steps[step])) {
      if (--left <= 0) break;
      if (dependency < earliest || found_by[dependency] == id) continue;
      found_by[dependency] = id;
      search.push_back(dependency);
    }
  }
  after.erase(std::remove_if(after.begin(), after.end(), [&](uint32_t step) { return found_by[step] == id; }),
              after.end());
}

ScheduleBuilder::StepId ScheduleBuilder::State::Add(Step step, absl::Span<const Region> sources,
                                                    absl::Span<const StepId> wishes) {
  const StepId id = static_cast<StepId>(schedule.steps.size());
  after.clear();
  for (const Region& source : sources) Access(source, /*write=*/false, id);
  if (step.kind != StepKind::kSend) Access(step.dst, /*write=*/true, id);
  for (StepId wish : wishes) {
    TUTTI_DCHECK(wish == kNoStep || wish < id, "step ", id, " is to follow step ", wish, ", which is not yet there");
    if (wish != kNoStep) after.push_back(wish);
  }
  std::sort(after.begin(), after.end());
  after.erase(std::unique(after.begin(), after.end()), after.end());
  found_by.push_back(kNoStep);
  DropImplied(id);

  step.first_source = static_cast<uint32_t>(schedule.sources.size());
  step.num_sources = static_cast<uint32_t>(sources.size());
  schedule.sources.insert(schedule.sources.end(), sources.begin(), sources.end());
  step.first_dependency = static_cast<uint32_t>(schedule.dependencies.size());
  step.num_dependencies = static_cast<uint32_t>(after.size());
  schedule.dependencies.insert(schedule.dependencies.end(), after.begin(), after.end());
  if (step.peer >= 0) {
    TUTTI_DCHECK(step.peer < shape.num_ranks && step.peer != rank, "rank ", rank, " exchanges a message with ",
                 step.peer);
    std::vector<uint32_t>& messages = step.kind == StepKind::kSend ? messages_to : messages_from;
    step.message = messages[static_cast<size_t>(step.peer)]++;
  }
  schedule.steps.push_back(step);
  return id;
}

ScheduleBuilder::ScheduleBuilder(const Shape& shape, int rank) : state_(std::make_unique<State>(shape, rank)) {}
ScheduleBuilder::~ScheduleBuilder() = default;

ScheduleBuilder::StepId ScheduleBuilder::Send(int peer, Region source, absl::Span<const StepId> after) {
  Step step;
  step.kind = StepKind::kSend;
  step.peer = peer;
  return state_->Add(step, {source}, after);
}

ScheduleBuilder::StepId ScheduleBuilder::Recv(int peer, Region dst, absl::Span<const StepId> after) {
  Step step;
  step.kind = StepKind::kRecv;
  step.peer = peer;
  step.dst = dst;
  return state_->Add(step, {}, after);
}

ScheduleBuilder::StepId ScheduleBuilder::RecvReduce(int peer, Region dst, Region source, Order order,
                                                    Completes completes, absl::Span<const StepId> after) {
  TUTTI_DCHECK(dst.count == source.count, dst.count, " elements are reduced with ", source.count);
  Step step;
  step.kind = StepKind::kRecvReduce;
  step.message_first = order == Order::kMessageFirst;
  step.completes = completes == Completes::kYes;
  step.peer = peer;
  step.dst = dst;
  return state_->Add(step, {source}, after);
}

ScheduleBuilder::StepId ScheduleBuilder::Reduce(Region dst, absl::Span<const Region> sources, Completes completes,
                                                absl::Span<const StepId> after) {
  if (dst.count == 0) return kNoStep;
  Step step;
  step.kind = StepKind::kReduce;
  step.completes = completes == Completes::kYes;
  step.dst = dst;
  return state_->Add(step, sources, after);
}

ScheduleBuilder::StepId ScheduleBuilder::Copy(Region dst, Region source, absl::Span<const StepId> after) {
  if (dst.count == 0) return kNoStep;
  Step step;
  step.kind = StepKind::kCopy;
  step.dst = dst;
  return state_->Add(step, {source}, after);
}

ScheduleBuilder::StepId ScheduleBuilder::Encode(Region slot, Region source, CodedSlice slice,
                                                absl::Span<const StepId> after) {
  if (slot.count == 0) return kNoStep;
  Step step;
  step.kind = StepKind::kEncode;
  step.dst = slot;
  step.slice = slice;
  return state_->Add(step, {source}, after);
}

ScheduleBuilder::StepId ScheduleBuilder::Decode(Region dst, Region slot, CodedSlice slice,
                                                absl::Span<const StepId> after) {
  if (slot.count == 0) return kNoStep;
  Step step;
  step.kind = StepKind::kDecode;
  step.dst = dst;
  step.slice = slice;
  return state_->Add(step, {slot}, after);
}

ScheduleBuilder::StepId ScheduleBuilder::DecodeReduce(Region values, Region slot, CodedSlice slice, Completes completes,
                                                      absl::Span<const StepId> after) {
  if (slot.count == 0) return kNoStep;
  Step step;
  step.kind = StepKind::kDecodeReduce;
  step.completes = completes == Completes::kYes;
  step.dst = values;
  step.slice = slice;
  return state_->Add(step, {values, slot}, after);
}

Region ScheduleBuilder::Slot(uint64_t count) {
  const uint64_t offset = state_->schedule.coded_elements;
  state_->schedule.coded_elements += count;
  return {Buffer::kCoded, offset, count};
}

Region ScheduleBuilder::Scratch(uint64_t count) {
  // Each reservation begins on a cache line of its own.
  const uint64_t line = std::max<uint64_t>(kCacheLineBytes / state_->shape.element_bytes, 1);
  const uint64_t offset = RoundUp(state_->schedule.scratch_elements, line);
  if (count == 0) return {Buffer::kScratch, state_->schedule.scratch_elements, 0};
  state_->schedule.scratch_elements = offset + count;
  return {Buffer::kScratch, offset, count};
}

ScheduleBuilder::StepId ScheduleBuilder::CopyInputToOutput() {
  const uint64_t count = std::min(state_->input_elements, state_->output_elements);
  if (state_->aliased || count == 0) return kNoStep;
  TUTTI_DCHECK(state_->input_elements == state_->output_elements, "input and output differ in length");
  return Copy({Buffer::kOutput, 0, count}, {Buffer::kInput, 0, count});
}

Schedule ScheduleBuilder::Build() && { return std::move(state_->schedule); }

namespace {

Region BlockOf(Buffer buffer, const Shape& shape, const BlockList* list, int r) {
  if (list == nullptr) return {buffer, static_cast<uint64_t>(r) * shape.count, shape.count};
  return {buffer, list->OffsetOf(r), list->counts[static_cast<size_t>(r)]};
}

}  // namespace

Region InputBlock(const Shape& shape, int rank, int target) {
  if (!InputIsBlocks(shape.collective)) return Input(0, InputElements(shape, rank));
  return BlockOf(Buffer::kInput, shape, shape.uneven() ? &shape.BlocksOf(rank).input : nullptr, target);
}

Region OutputBlock(const Shape& shape, int rank, int source) {
  if (!OutputIsBlocks(shape.collective)) return Output(0, OutputElements(shape, rank));
  return BlockOf(Buffer::kOutput, shape, shape.uneven() ? &shape.BlocksOf(rank).output : nullptr, source);
}

}  // namespace tutti
