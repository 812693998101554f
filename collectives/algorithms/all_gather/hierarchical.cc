// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/all_gather/hierarchical.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "collectives/algorithms/groups.h"
#include "collectives/algorithms/pieces.h"
#include "collectives/patterns/circulant.h"
#include "collectives/patterns/ring.h"
#include "collectives/schedule/levels.h"

namespace tutti::all_gather {
namespace {

constexpr uint64_t kSegmentBytes = 256 * 1024;
constexpr uint64_t kRingBytes = 256 * 1024;  // longer blocks are better off with neighbours

// One step of one unit, which has a block: a rank, a host of ranks, a rack of hosts. To each peer blocks are sent in the order in
// which it receives them.
struct Move {
  bool sends = false;
  int peer = 0;
  int owner = 0;  // whose block it is
};

std::vector<Move> MovesAmong(const Levels& levels, int num_units, int unit, bool in_ring);

// Among units that are alike.
std::vector<Move> FlatMoves(int num_units, int unit, bool in_ring) {
  std::vector<Move> moves;
  if (num_units == 1) return moves;
  if (in_ring) {
    const Ring ring(num_units, unit, /*shift=*/0);
    for (int round = 0; round < ring.num_rounds(); ++round) {
      moves.push_back({true, ring.next(), ring.SentChunk(round)});
      moves.push_back({false, ring.previous(), ring.ReceivedChunk(round)});
    }
    return moves;
  }
  const std::vector<CirculantRound> halving = CirculantRounds(num_units, unit);
  for (auto it = halving.rbegin(); it != halving.rend(); ++it) {
    for (int i = 0; i < it->num_chunks(); ++i) moves.push_back({true, it->backward, (unit + i) % num_units});
    for (int i = 0; i < it->num_chunks(); ++i) {
      moves.push_back({false, it->forward, (unit + it->skip + i) % num_units});
    }
  }
  return moves;
}

// Blocks of the own group to everyone in it, then those of others by the leaders, who give what they get to everyone here.
std::vector<Move> MovesByGroups(const Groups& groups, const Levels& levels, int unit, bool in_ring) {
  std::vector<Move> moves;
  const std::vector<int> others_here = groups.OthersHere();
  for (const int peer : others_here) moves.push_back({true, peer, unit});
  for (const int peer : others_here) moves.push_back({false, peer, peer});
  // Every lane sees the same groups.
  const Levels above = levels.Among(groups.AtPlace(0));
  for (const Move& move : MovesAmong(above, groups.num_groups(), groups.group(), in_ring)) {
    for (int lane = 0; lane < groups.num_lanes(); ++lane) {
      for (const int owner : groups.OfLane(move.owner, lane)) {
        if (lane == groups.place()) {
          moves.push_back({move.sends, groups.Leader(move.peer, lane), owner});
          for (const int local : others_here) {
            if (!move.sends) moves.push_back({true, local, owner});
          }
        } else if (!move.sends) {
          moves.push_back({false, groups.Leader(groups.group(), lane), owner});
        }
      }
    }
  }
  return moves;
}

std::vector<Move> MovesAmong(const Levels& levels, int num_units, int unit, bool in_ring) {
  if (!levels.SuitLeaders()) return FlatMoves(num_units, unit, in_ring);
  Shape units;
  units.num_ranks = num_units;
  levels.SetIn(units);
  return MovesByGroups(Groups(units, unit), levels, unit, in_ring);
}

// One rank's part.
class Gathering {
 public:
  Gathering(const Shape& shape, int rank, ScheduleBuilder& builder) : shape_(shape), rank_(rank), builder_(builder) {
    uint64_t longest = 0;  // block, in elements
    for (int r = 0; r < shape.num_ranks; ++r) longest = std::max(longest, OutputBlock(shape, rank, r).count);
    moves_ = MovesByGroups(Groups(shape, rank), LevelsOf(shape), rank, longest * shape.element_bytes > kRingBytes);
    num_segments_ = NumSegmentsFor(shape, longest, kSegmentBytes, MostSteps(shape));
  }

  void Append() {
    for (size_t i = 0; i < moves_.size();) {
      // What is passed on follows piece by piece.
      size_t end = i + 1;
      while (end < moves_.size() && moves_[end].sends && moves_[end].owner == moves_[i].owner) ++end;
      const bool is_own = moves_[i].owner == rank_;
      // The rank's own block need not wait for the copy.
      const Region block = is_own ? InputBlock(shape_, rank_, rank_) : OutputBlock(shape_, rank_, moves_[i].owner);
      for (uint64_t s = 0; s < num_segments_; ++s) {
        const Region piece = PieceOf(block, PartOf({0, block.count}, num_segments_, s));
        for (size_t m = i; m < end; ++m) {
          if (moves_[m].sends) {
            SendPiece(builder_, moves_[m].peer, piece);
          } else {
            RecvPiece(builder_, moves_[m].peer, piece);
          }
        }
      }
      i = end;
    }
    if (!shape_.in_place) builder_.Copy(OutputBlock(shape_, rank_, rank_), InputBlock(shape_, rank_, rank_));
  }

 private:
  // Of any rank, as all must cut alike: a leader of all levels gets each block, and gives it to everyone it is with.
  static uint64_t MostSteps(const Shape& shape) {
    uint64_t peers = 1;
    Levels levels = LevelsOf(shape);
    Shape units = shape;
    while (true) {
      const Groups groups(units, 0);
      peers += static_cast<uint64_t>(groups.largest());
      if (levels.empty()) return peers * static_cast<uint64_t>(shape.num_ranks);
      levels = levels.Among(groups.AtPlace(0));
      units.num_ranks = groups.num_groups();
      levels.SetIn(units);
    }
  }

  const Shape& shape_;
  const int rank_;
  ScheduleBuilder& builder_;
  std::vector<Move> moves_;
  uint64_t num_segments_ = 1;
};

}  // namespace

Schedule BuildHierarchical(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  Gathering(shape, rank, builder).Append();
  return std::move(builder).Build();
}

}  // namespace tutti::all_gather
