// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/hierarchical.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/groups.h"
#include "collectives/algorithms/pieces.h"

namespace tutti::reduce_scatter {
namespace {

using Order = ScheduleBuilder::Order;

constexpr uint64_t kSegmentBytes = 256 * 1024;

// One rank's part.
class Scattering {
 public:
  Scattering(const Shape& shape, int rank, ScheduleBuilder& builder)
      : shape_(shape), rank_(rank), builder_(builder), groups_(shape, rank) {
    uint64_t longest = 0;
    for (int r = 0; r < shape.num_ranks; ++r) {
      sums_.push_back(InputBlock(shape, rank, r));
      longest = std::max(longest, sums_.back().count);
    }
    num_segments_ = NumSegmentsFor(shape, longest, kSegmentBytes,
                                   /*steps_per_segment=*/2 * static_cast<uint64_t>(shape.num_ranks));
    // Those of other hosts first: they have the longer way to go.
    for (int i = 1; i <= groups_.num_groups(); ++i) order_.push_back((groups_.group() + i) % groups_.num_groups());
    if (groups_.is_leader() && !IsAloneHere()) ReserveSums();
  }

  void Append() {
    for (segment_ = 0; segment_ < num_segments_; ++segment_) {
      SendToLeaders();
      if (groups_.is_leader()) {
        ReduceHere();
        SendToOtherHosts();
        ReduceOthers();
        GiveToOwners();
      } else {
        RecvPiece(builder_, groups_.Leader(groups_.group(), groups_.place() % groups_.num_lanes()), Piece(Own()));
      }
    }
  }

 private:
  bool IsAloneHere() const { return groups_.members().size() == 1; }
  Region Own() const { return OutputBlock(shape_, rank_, rank_); }
  Region Piece(const Region& block) const { return PieceOf(block, PartOf({0, block.count}, num_segments_, segment_)); }
  // What the leader has of the block so far.
  Region& SumOf(int owner) { return sums_[static_cast<size_t>(owner)]; }

  void ReserveSums() {
    for (const int group : order_) {
      for (const int owner : groups_.OfLane(group, groups_.place())) {
        SumOf(owner) = builder_.Scratch(InputBlock(shape_, rank_, owner).count);
      }
    }
  }

  void SendToLeaders() {
    for (const int group : order_) {
      for (int i = 1; i <= groups_.num_lanes(); ++i) {
        const int lane = (groups_.place() + i) % groups_.num_lanes();
        const int leader = groups_.Leader(groups_.group(), lane);
        if (leader == rank_) continue;
        for (const int owner : groups_.OfLane(group, lane)) {
          SendPiece(builder_, leader, Piece(InputBlock(shape_, rank_, owner)));
        }
      }
    }
  }

  void ReduceHere() {
    const std::vector<int> others = groups_.OthersHere();
    for (const int group : order_) {
      for (const int owner : groups_.OfLane(group, groups_.place())) {
        Region sum = Piece(InputBlock(shape_, rank_, owner));
        for (const int peer : others) {
          const bool last = groups_.num_groups() == 1 && peer == others.back();
          const Region dst = last && owner == rank_ ? Piece(Own()) : Piece(SumOf(owner));
          RecvReducePiece(builder_, peer, dst, sum, Order::kMessageLast, CompletesIf(last));
          sum = dst;
        }
      }
    }
  }

  void SendToOtherHosts() {
    for (size_t i = 0; i + 1 < order_.size(); ++i) {
      const int leader = groups_.Leader(order_[i], groups_.place());
      for (const int owner : groups_.OfLane(order_[i], groups_.place()))
        SendPiece(builder_, leader, Piece(SumOf(owner)));
    }
  }

  // The others send them in this order, too: by their distance.
  void ReduceOthers() {
    const int num = groups_.num_groups();
    for (const int owner : groups_.OfLane(groups_.group(), groups_.place())) {
      Region sum = Piece(IsAloneHere() ? InputBlock(shape_, rank_, owner) : SumOf(owner));
      for (int distance = 1; distance < num; ++distance) {
        const int leader = groups_.Leader((groups_.group() + num - distance) % num, groups_.place());
        const bool last = distance + 1 == num;
        const bool is_own_result = last && owner == rank_;
        const Region dst = is_own_result ? Piece(Own()) : ScratchFor(owner);
        RecvReducePiece(builder_, leader, dst, sum, Order::kMessageLast, CompletesIf(last));
        sum = dst;
      }
      results_.push_back(sum);
    }
  }

  // A leader that is alone on its host has none yet, and the input is not to be written to.
  Region ScratchFor(int owner) {
    Region& sum = SumOf(owner);
    if (sum.buffer == Buffer::kInput) sum = builder_.Scratch(sum.count);
    return Piece(sum);
  }

  void GiveToOwners() {
    const std::vector<int> owners = groups_.OfLane(groups_.group(), groups_.place());
    for (size_t i = 0; i < owners.size(); ++i) {
      if (owners[i] != rank_) SendPiece(builder_, owners[i], results_[i]);
    }
    results_.clear();
  }

  const Shape& shape_;
  const int rank_;
  ScheduleBuilder& builder_;
  const Groups groups_;
  std::vector<int> order_;       // groups, the own last
  std::vector<Region> sums_;     // by owner
  std::vector<Region> results_;  // of this segment, by owner of the own group and lane
  uint64_t num_segments_ = 1;
  uint64_t segment_ = 0;
};

}  // namespace

Schedule BuildHierarchical(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  if (shape.num_ranks > 1) {
    Scattering(shape, rank, builder).Append();
  } else if (!shape.in_place) {
    builder.Copy(OutputBlock(shape, rank, rank), InputBlock(shape, rank, rank));
  }
  return std::move(builder).Build();
}

}  // namespace tutti::reduce_scatter
