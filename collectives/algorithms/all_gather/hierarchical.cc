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

namespace tutti::all_gather {
namespace {

constexpr uint64_t kSegmentBytes = 256 * 1024;
constexpr uint64_t kRingBytes = 256 * 1024;  // longer blocks are better off with neighbours

// Whose blocks a leader sends to another group and gets from one, by group.
struct Round {
  int to = 0;
  std::vector<int> sent;
  int from = 0;
  std::vector<int> received;
};

std::vector<Round> RoundsBetween(int num_groups, int group, bool in_ring) {
  std::vector<Round> rounds;
  if (num_groups == 1) return rounds;
  if (in_ring) {
    const Ring ring(num_groups, group, /*shift=*/0);
    for (int round = 0; round < ring.num_rounds(); ++round) {
      rounds.push_back({ring.next(), {ring.SentChunk(round)}, ring.previous(), {ring.ReceivedChunk(round)}});
    }
    return rounds;
  }
  const std::vector<CirculantRound> halving = CirculantRounds(num_groups, group);
  for (auto it = halving.rbegin(); it != halving.rend(); ++it) {
    Round round{it->backward, {}, it->forward, {}};
    for (int i = 0; i < it->num_chunks(); ++i) {
      round.sent.push_back((group + i) % num_groups);
      round.received.push_back((group + it->skip + i) % num_groups);
    }
    rounds.push_back(std::move(round));
  }
  return rounds;
}

// One rank's part.
class Gathering {
 public:
  Gathering(const Shape& shape, int rank, ScheduleBuilder& builder)
      : shape_(shape), rank_(rank), builder_(builder), groups_(shape, rank), others_here_(groups_.OthersHere()) {
    for (int r = 0; r < shape.num_ranks; ++r) longest_ = std::max(longest_, OutputBlock(shape, rank, r).count);
    // Of the largest group, as all must cut alike.
    const uint64_t steps = static_cast<uint64_t>(shape.num_ranks) * static_cast<uint64_t>(groups_.largest());
    num_segments_ = NumSegmentsFor(shape, longest_, kSegmentBytes, /*steps_per_segment=*/steps);
  }

  void Append() {
    InsideWithOwn();
    const bool in_ring = longest_ * shape_.element_bytes > kRingBytes;
    for (const Round& round : RoundsBetween(groups_.num_groups(), groups_.group(), in_ring)) {
      for (int lane = 0; lane < groups_.num_lanes(); ++lane) {
        if (lane == groups_.place()) {
          SendTo(groups_.Leader(round.to, lane), round.sent, lane);
          Receive(groups_.Leader(round.from, lane), round.received, lane, /*pass_on_to=*/others_here_);
        } else {
          Receive(groups_.Leader(groups_.group(), lane), round.received, lane, /*pass_on_to=*/{});
        }
      }
    }
  }

 private:
  std::vector<Region> PiecesOf(const Region& block) const {
    std::vector<Region> pieces;
    for (uint64_t s = 0; s < num_segments_; ++s) {
      pieces.push_back(PieceOf(block, PartOf({0, block.count}, num_segments_, s)));
    }
    return pieces;
  }
  std::vector<Region> PiecesOf(int owner) const { return PiecesOf(OutputBlock(shape_, rank_, owner)); }

  void InsideWithOwn() {
    const Region own = InputBlock(shape_, rank_, rank_);
    for (const int peer : others_here_) {
      for (const Region& piece : PiecesOf(own)) SendPiece(builder_, peer, piece);
    }
    for (const int peer : others_here_) {
      for (const Region& piece : PiecesOf(peer)) RecvPiece(builder_, peer, piece);
    }
    if (!shape_.in_place) builder_.Copy(OutputBlock(shape_, rank_, rank_), own);
  }

  void SendTo(int peer, const std::vector<int>& sent, int lane) {
    for (const int group : sent) {
      for (const int owner : groups_.OfLane(group, lane)) {
        // The rank's own block need not wait for the copy.
        const Region block = owner == rank_ ? InputBlock(shape_, rank_, rank_) : OutputBlock(shape_, rank_, owner);
        for (const Region& piece : PiecesOf(block)) SendPiece(builder_, peer, piece);
      }
    }
  }

  void Receive(int peer, const std::vector<int>& received, int lane, const std::vector<int>& pass_on_to) {
    for (const int group : received) {
      for (const int owner : groups_.OfLane(group, lane)) {
        for (const Region& piece : PiecesOf(owner)) {
          RecvPiece(builder_, peer, piece);
          for (const int local : pass_on_to) SendPiece(builder_, local, piece);
        }
      }
    }
  }

  const Shape& shape_;
  const int rank_;
  ScheduleBuilder& builder_;
  const Groups groups_;
  const std::vector<int> others_here_;
  uint64_t longest_ = 0;  // block, in elements
  uint64_t num_segments_ = 1;
};

}  // namespace

Schedule BuildHierarchical(const Shape& shape, int rank) {
  ScheduleBuilder builder(shape, rank);
  Gathering(shape, rank, builder).Append();
  return std::move(builder).Build();
}

}  // namespace tutti::all_gather
