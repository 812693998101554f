// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/structure.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>

#include "collectives/check/memory_layout.h"
#include "collectives/check/program.h"
#include "collectives/check/rule.h"

namespace tutti::check {
namespace {

// One rank's schedule under check. Nothing in it may be used before the check that makes it safe.
class StructureCheck {
 public:
  StructureCheck(const Shape& shape, const Schedule& schedule, int rank)
      : shape_(shape),
        schedule_(schedule),
        rank_(rank),
        memory_(shape, rank, schedule.scratch_elements, schedule.coded_elements) {}

  absl::Status CheckStep(uint32_t index) {
    index_ = index;
    const Step& step = schedule_.steps[index];
    if (static_cast<int>(step.kind) > static_cast<int>(kLastStepKind)) {
      return Broken("its kind ", static_cast<int>(step.kind), " does not exist");
    }
    if (absl::Status s = CheckIndices(step); !s.ok()) return s;
    if (absl::Status s = CheckFlags(step); !s.ok()) return s;
    if (absl::Status s = CheckRegions(step); !s.ok()) return s;
    if (absl::Status s = CheckSlots(step); !s.ok()) return s;
    return CheckDestination(step);
  }

  // After all steps: slots are equal or apart, but for how much of each is used.
  absl::Status CheckSlotsAreApart() const {
    std::map<uint64_t, uint64_t> ends;  // of the longest region, by its beginning
    for (const Step& step : schedule_.steps) {
      const auto add = [&ends](const Region& region) {
        if (region.buffer != Buffer::kCoded || region.count == 0) return;
        uint64_t& end = ends[region.offset];
        end = std::max(end, region.offset + region.count);
      };
      if (step.kind != StepKind::kSend) add(step.dst);
      for (const Region& source : schedule_.SourcesOf(step)) add(source);
    }
    uint64_t last_end = 0;
    for (const auto& [begin, end] : ends) {
      if (begin < last_end) {
        return Violation(Rule::kStructure, "rank ", rank_, ": a slot begins at element ", begin,
                         " of the coded buffer, inside of one that ends at ", last_end);
      }
      last_end = end;
    }
    return absl::OkStatus();
  }

 private:
  template <typename... Parts>
  absl::Status Broken(const Parts&... parts) const {
    return Violation(Rule::kStructure, "rank ", rank_, " step ", index_, ": ", parts...);
  }

  absl::Status CheckIndices(const Step& step) const {
    if (step.first_source > schedule_.sources.size() ||
        step.num_sources > schedule_.sources.size() - step.first_source) {
      return Broken("its sources lie outside the schedule's list of ", schedule_.sources.size());
    }
    if (step.first_dependency > schedule_.dependencies.size() ||
        step.num_dependencies > schedule_.dependencies.size() - step.first_dependency) {
      return Broken("its dependencies lie outside the schedule's list of ", schedule_.dependencies.size());
    }
    for (uint32_t dependency : schedule_.DependenciesOf(step)) {
      if (dependency >= index_) return Broken("it depends on step ", dependency, ", which does not come before it");
    }
    return absl::OkStatus();
  }

  absl::Status CheckFlags(const Step& step) const {
    if (HasMessage(step.kind) && (step.peer < 0 || step.peer >= shape_.num_ranks)) {
      return Broken("its peer ", step.peer, " is not one of the ", shape_.num_ranks, " ranks");
    }
    if (HasMessage(step.kind) && step.peer == rank_) return Broken("its peer is the rank itself");
    if (step.message_first && step.kind != StepKind::kRecvReduce) {
      return Broken("message_first means nothing for a ", StepKindName(step.kind));
    }
    if (!IsReduction(step.kind)) {
      if (step.completes) return Broken("a ", StepKindName(step.kind), " completes nothing");
      return absl::OkStatus();
    }
    const Collective collective = shape_.collective;
    if (!Reduces(collective)) {
      return Broken("it reduces, but ", CollectiveName(collective), " has no operation");
    }
    return absl::OkStatus();
  }

  absl::Status CheckRegions(const Step& step) const {
    const uint32_t fewest = step.kind == StepKind::kRecv ? 0 : 1;
    const uint32_t most = step.kind == StepKind::kReduce         ? std::numeric_limits<uint32_t>::max()
                          : step.kind == StepKind::kDecodeReduce ? 2
                                                                 : fewest;
    if (step.num_sources < (step.kind == StepKind::kDecodeReduce ? 2 : fewest) || step.num_sources > most) {
      return Broken("a ", StepKindName(step.kind), " cannot have ", step.num_sources, " sources");
    }
    for (const Region& source : schedule_.SourcesOf(step)) {
      if (absl::Status s = CheckRegion(source, "a source"); !s.ok()) return s;
    }
    if (step.kind == StepKind::kSend) return absl::OkStatus();
    if (absl::Status s = CheckRegion(step.dst, "the destination"); !s.ok()) return s;
    for (const Region& source : schedule_.SourcesOf(step)) {
      if (source.count == step.dst.count) continue;
      return Broken("a source has ", source.count, " elements, the destination ", step.dst.count);
    }
    return absl::OkStatus();
  }

  // Codes are made and read by a codec only; nothing else does, but to move them.
  absl::Status CheckSlots(const Step& step) const {
    const auto sources = schedule_.SourcesOf(step);
    const auto is_slot = [](const Region& region) { return region.buffer == Buffer::kCoded; };
    if (step.kind == StepKind::kSend || step.kind == StepKind::kRecv) return absl::OkStatus();
    const bool wants_dst = step.kind == StepKind::kEncode;
    if (is_slot(step.dst) != wants_dst) {
      return Broken("a ", StepKindName(step.kind), wants_dst ? " needs" : " cannot have", " a slot as its destination");
    }
    for (size_t i = 0; i < sources.size(); ++i) {
      const bool wants = (step.kind == StepKind::kDecode && i == 0) || (step.kind == StepKind::kDecodeReduce && i == 1);
      if (is_slot(sources[i]) == wants) continue;
      return Broken("a ", StepKindName(step.kind), wants ? " needs" : " cannot have", " a slot as source ", i);
    }
    if (step.kind == StepKind::kDecodeReduce && sources[0] != step.dst) {
      return Broken("a decode_reduce works in place, but its first source is not its destination");
    }
    return absl::OkStatus();
  }

  absl::Status CheckRegion(const Region& region, const char* what) const {
    if (static_cast<int>(region.buffer) >= kNumBuffers) {
      return Broken(what, " is in buffer ", static_cast<int>(region.buffer), ", which does not exist");
    }
    if (!memory_.Holds(region)) {
      return Broken(what, ", ", region.count, " elements from ", region.offset, ", does not fit into the buffer of ",
                    memory_.buffer(region.buffer).size());
    }
    return absl::OkStatus();
  }

  absl::Status CheckDestination(const Step& step) const {
    if (step.kind == StepKind::kSend || step.dst.count == 0) return absl::OkStatus();
    const AddressRange dst = memory_.AddressesOf(step.dst);
    if (!memory_.output().Contains(dst) && !memory_.scratch().Contains(dst) && !memory_.coded().Contains(dst)) {
      return Violation(Rule::kInputModified, "rank ", rank_, " step ", index_, ": it writes to ", memory_.Describe(dst),
                       ", which is read only");
    }
    for (const Region& source : schedule_.SourcesOf(step)) {
      const AddressRange addresses = memory_.AddressesOf(source);
      if (!dst.Overlaps(addresses)) continue;
      // Element-wise kernels may write where they have just read, never where they will read later.
      if (IsReduction(step.kind) && addresses == dst) continue;
      return Broken("its destination ", memory_.Describe(dst), " overlaps its source ", memory_.Describe(addresses));
    }
    return absl::OkStatus();
  }

  const Shape& shape_;
  const Schedule& schedule_;
  const int rank_;
  const MemoryLayout memory_;
  uint32_t index_ = 0;
};

}  // namespace

absl::Status CheckStructure(const Shape& shape, absl::Span<const Schedule> schedules) {
  if (schedules.size() != static_cast<size_t>(shape.num_ranks)) {
    return Violation(Rule::kShape, schedules.size(), " schedules for ", shape.num_ranks, " ranks");
  }
  uint64_t total_steps = 0;
  for (int rank = 0; rank < shape.num_ranks; ++rank) {
    const Schedule& schedule = schedules[static_cast<size_t>(rank)];
    total_steps += schedule.steps.size();
    if (total_steps >= std::numeric_limits<uint32_t>::max()) {
      return Violation(Rule::kStructure, "more than ", std::numeric_limits<uint32_t>::max(),
                       " steps on all ranks together");
    }
    if (std::max(schedule.scratch_elements, schedule.coded_elements) > MemoryLayout::kMaxScratchElements) {
      return Violation(Rule::kStructure, "rank ", rank, ": ", schedule.scratch_elements, " elements of scratch and ",
                       schedule.coded_elements, " of slots are more than memory can hold");
    }
    StructureCheck check(shape, schedule, rank);
    for (uint32_t step = 0; step < schedule.steps.size(); ++step) {
      if (absl::Status s = check.CheckStep(step); !s.ok()) return s;
    }
    if (absl::Status s = check.CheckSlotsAreApart(); !s.ok()) return s;
  }
  return absl::OkStatus();
}

}  // namespace tutti::check
