// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/reduce_scatter/hierarchical.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/groups.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/schedule/levels.h"

namespace tutti::reduce_scatter {
namespace {

using Order = ScheduleBuilder::Order;

constexpr uint64_t kSegmentBytes = 256 * 1024;

// One step of one unit with what it has of an owner's block. A unit is a rank, a host of ranks, a rack of hosts. To each peer
// blocks are sent in the order in which it receives them.
struct Move {
  enum class Kind : uint8_t {
    kSend,      // what the unit has: its part, the sum so far, or the result
    kReduce,    // the peer's sum is added to the own one
    kComplete,  // the same, and nothing is missing after it
    kTake,      // the result comes
  };
  Kind kind = Kind::kSend;
  int peer = 0;
  int owner = 0;
};

std::vector<Move> MovesAmong(const Levels& levels, int num_units, int unit);

// Each unit's part straight to the owner, who adds them by their distance.
std::vector<Move> FlatMoves(int num_units, int unit) {
  std::vector<Move> moves;
  for (int distance = 1; distance < num_units; ++distance) {
    const int owner = (unit + distance) % num_units;
    moves.push_back({Move::Kind::kSend, owner, owner});
  }
  for (int distance = 1; distance < num_units; ++distance) {
    const bool last = distance + 1 == num_units;
    moves.push_back(
        {last ? Move::Kind::kComplete : Move::Kind::kReduce, (unit + num_units - distance) % num_units, unit});
  }
  return moves;
}

// What the group has of all blocks to the leaders of their lanes; between groups these; results to their owners.
std::vector<Move> MovesByGroups(const Groups& groups, const Levels& levels, int unit) {
  std::vector<Move> moves;
  const int lane = groups.place() % groups.num_lanes();
  const int num_groups = groups.num_groups();
  // Blocks of other groups first: they have the longer way to go.
  std::vector<int> order;
  for (int i = 1; i <= num_groups; ++i) order.push_back((groups.group() + i) % num_groups);
  for (const int group : order) {
    for (int i = 1; i <= groups.num_lanes(); ++i) {
      const int other = (groups.place() + i) % groups.num_lanes();
      const int leader = groups.Leader(groups.group(), other);
      if (leader == unit) continue;
      for (const int owner : groups.OfLane(group, other)) moves.push_back({Move::Kind::kSend, leader, owner});
    }
  }
  if (!groups.is_leader()) {
    moves.push_back({Move::Kind::kTake, groups.Leader(groups.group(), lane), unit});
    return moves;
  }
  const std::vector<int> others_here = groups.OthersHere();
  for (const int group : order) {
    for (const int owner : groups.OfLane(group, lane)) {
      for (const int peer : others_here) {
        const bool last = num_groups == 1 && peer == others_here.back();
        moves.push_back({last ? Move::Kind::kComplete : Move::Kind::kReduce, peer, owner});
      }
    }
  }
  const Levels above = levels.Among(groups.AtPlace(lane));
  for (const Move& move : MovesAmong(above, num_groups, groups.group())) {
    for (const int owner : groups.OfLane(move.owner, lane)) {
      moves.push_back({move.kind, groups.Leader(move.peer, lane), owner});
    }
  }
  for (const int owner : groups.OfLane(groups.group(), lane)) {
    if (owner != unit) moves.push_back({Move::Kind::kSend, owner, owner});
  }
  return moves;
}

std::vector<Move> MovesAmong(const Levels& levels, int num_units, int unit) {
  if (!levels.SuitLeaders()) return FlatMoves(num_units, unit);
  Shape units;
  units.num_ranks = num_units;
  levels.SetIn(units);
  return MovesByGroups(Groups(units, unit), levels, unit);
}

// One rank's part.
class Scattering {
 public:
  Scattering(const Shape& shape, int rank, ScheduleBuilder& builder)
      : shape_(shape),
        rank_(rank),
        builder_(builder),
        moves_(MovesByGroups(Groups(shape, rank), LevelsOf(shape), rank)),
        sums_(static_cast<size_t>(shape.num_ranks), Region{Buffer::kInput, 0, 0}) {
    uint64_t longest = 0;
    for (int r = 0; r < shape.num_ranks; ++r) longest = std::max(longest, InputBlock(shape, rank, r).count);
    num_segments_ = NumSegmentsFor(shape, longest, kSegmentBytes,
                                   /*steps_per_segment=*/2 * static_cast<uint64_t>(shape.num_ranks));
  }

  void Append() {
    for (segment_ = 0; segment_ < num_segments_; ++segment_) {
      has_.assign(static_cast<size_t>(shape_.num_ranks), Has::kOwnPart);
      for (const Move& move : moves_) Append(move);
    }
  }

 private:
  enum class Has : uint8_t { kOwnPart, kSum, kResult };  // of an owner's block

  Region Piece(const Region& block) const { return PieceOf(block, PartOf({0, block.count}, num_segments_, segment_)); }

  // The input is not to be written to: sums have scratch, and the own result its place in the output.
  Region PlaceOf(int owner, Has has) {
    if (has == Has::kOwnPart) return Piece(InputBlock(shape_, rank_, owner));
    if (has == Has::kResult && owner == rank_) return Piece(OutputBlock(shape_, rank_, rank_));
    Region& sum = sums_[static_cast<size_t>(owner)];
    if (sum.buffer == Buffer::kInput) sum = builder_.Scratch(InputBlock(shape_, rank_, owner).count);
    return Piece(sum);
  }

  void Append(const Move& move) {
    Has& has = has_[static_cast<size_t>(move.owner)];
    const Region now = PlaceOf(move.owner, has);
    if (move.kind == Move::Kind::kSend) {
      SendPiece(builder_, move.peer, now);
      return;
    }
    has = move.kind == Move::Kind::kReduce ? Has::kSum : Has::kResult;
    const Region next = PlaceOf(move.owner, has);
    if (move.kind == Move::Kind::kTake) {
      RecvPiece(builder_, move.peer, next);
    } else {
      RecvReducePiece(builder_, move.peer, next, now, Order::kMessageLast,
                      CompletesIf(move.kind == Move::Kind::kComplete));
    }
  }

  const Shape& shape_;
  const int rank_;
  ScheduleBuilder& builder_;
  const std::vector<Move> moves_;
  std::vector<Region> sums_;  // by owner; of the input: there is none yet
  std::vector<Has> has_;      // in this segment, by owner
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
