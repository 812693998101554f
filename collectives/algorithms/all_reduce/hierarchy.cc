// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_reduce/hierarchy.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/pieces.h"

namespace tutti::all_reduce {
namespace {

constexpr uint64_t kOneLeaderBytes = 16 * 1024;  // below, messages cost more than what they carry
constexpr uint64_t kHierarchySegmentBytes =
    2048 * 1024;  // a piece; each of its slices is still a message worth sending

class Hierarchy {
 public:
  Hierarchy(const Shape& shape, int rank, uint64_t steps_between, const BetweenGroups& between)
      : shape_(shape),
        groups_(shape, rank),
        builder_(shape, rank),
        steps_between_(steps_between),
        between_(between),
        num_leaders_(shape.count * shape.element_bytes <= kOneLeaderBytes ? 1 : groups_.smallest()) {}

  Schedule Build() && {
    // Of the largest group, as all must cut alike.
    const uint64_t steps =
        4 * static_cast<uint64_t>(groups_.largest()) + steps_between_ * static_cast<uint64_t>(groups_.num_groups());
    const uint64_t num_pieces = NumSegmentsFor(shape_, shape_.count, kHierarchySegmentBytes, steps);
    ReserveSlots(PartOf({0, shape_.count}, num_pieces, 0).count);
    for (uint64_t p = 0; p < num_pieces; ++p) {
      const Range piece = PartOf({0, shape_.count}, num_pieces, p);
      ReduceInside(piece, p % 2);
      ReduceBetween(piece, num_pieces);
      SpreadInside(piece);
    }
    return std::move(builder_).Build();
  }

 private:
  Range SliceOf(const Range& piece, int leader) const {
    return PartOf(piece, static_cast<uint64_t>(num_leaders_), static_cast<uint64_t>(leader));
  }
  bool leads() const { return groups_.place() < num_leaders_; }

  // Where contributions of the host's other ranks wait: two pieces' worth, so that one can come while one is reduced.
  void ReserveSlots(uint64_t piece_count) {
    if (!leads()) return;
    const uint64_t longest = SliceOf({0, piece_count}, 0).count;
    for (auto& slots : slots_) {
      for (size_t i = 0; i < groups_.members().size(); ++i) slots.push_back(builder_.Scratch(longest));
    }
  }

  // Every rank gives each leader of its host its slice; a leader reduces them in rank order, in one pass.
  void ReduceInside(const Range& piece, size_t slot_set) {
    const std::vector<int>& members = groups_.members();
    std::vector<Region> contributions;
    const Range own = SliceOf(piece, std::min(groups_.place(), num_leaders_ - 1));
    for (size_t i = 0; leads() && i < members.size(); ++i) {
      if (static_cast<int>(i) == groups_.place()) {
        contributions.push_back(Input(own.offset, own.count));
        continue;
      }
      contributions.push_back(PieceOf(slots_[slot_set][i], {0, own.count}));
      RecvPiece(builder_, members[i], contributions.back());
    }
    for (int leader = 0; leader < num_leaders_; ++leader) {
      if (leader == groups_.place()) continue;
      const Range slice = SliceOf(piece, leader);
      SendPiece(builder_, members[static_cast<size_t>(leader)], Input(slice.offset, slice.count));
    }
    if (!leads()) return;
    const Region result = Output(own.offset, own.count);
    if (members.size() > 1) {
      builder_.Reduce(result, contributions, CompletesIf(groups_.num_groups() == 1));
    } else if (!shape_.in_place) {
      builder_.Copy(result, contributions[0]);
    }
  }

  void ReduceBetween(const Range& piece, uint64_t num_pieces) {
    if (!leads() || groups_.num_groups() == 1) return;
    const Range own = SliceOf(piece, groups_.place());
    if (own.count > 0) between_(builder_, groups_, own, num_pieces);
  }

  void SpreadInside(const Range& piece) {
    const std::vector<int>& members = groups_.members();
    for (int leader = 0; leader < num_leaders_; ++leader) {
      if (leader == groups_.place()) continue;
      const Range slice = SliceOf(piece, leader);
      RecvPiece(builder_, members[static_cast<size_t>(leader)], Output(slice.offset, slice.count));
    }
    if (!leads()) return;
    const Range own = SliceOf(piece, groups_.place());
    for (size_t i = 0; i < members.size(); ++i) {
      if (static_cast<int>(i) != groups_.place()) SendPiece(builder_, members[i], Output(own.offset, own.count));
    }
  }

  const Shape shape_;
  const Groups groups_;
  ScheduleBuilder builder_;
  const uint64_t steps_between_;
  const BetweenGroups& between_;
  const int num_leaders_;
  std::vector<Region> slots_[2];  // by place in the host
};

}  // namespace

Schedule BuildHierarchy(const Shape& shape, int rank, uint64_t steps_between, const BetweenGroups& between) {
  return Hierarchy(shape, rank, steps_between, between).Build();
}

}  // namespace tutti::all_reduce
