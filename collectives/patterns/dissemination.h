// SPDX-License-Identifier: Apache-2.0
// Dissemination: in round k every rank tells the rank 2^k further on (mod n) all that it knows. After ceil(log2 n)
// rounds everyone has heard of everyone, for any n.
//
//   n = 5:   round 0:  r -> r + 1      round 1:  r -> r + 2      round 2:  r -> r + 4
//
// Source: Hensgen, Finkel, Manber: "Two algorithms for barrier synchronization", Int. J. Parallel Programming 17
// (1988).
#ifndef TUTTI_COLLECTIVES_PATTERNS_DISSEMINATION_H_
#define TUTTI_COLLECTIVES_PATTERNS_DISSEMINATION_H_

#include <bit>

namespace tutti {

class Dissemination {
 public:
  // num_ranks >= 1, 0 <= rank < num_ranks.
  constexpr Dissemination(int num_ranks, int rank) : num_ranks_(num_ranks), rank_(rank) {}

  constexpr int num_rounds() const { return std::bit_width(static_cast<unsigned>(num_ranks_ - 1)); }
  // 0 <= round < num_rounds(): so 2^round < num_ranks.
  constexpr int SendsTo(int round) const { return (rank_ + (1 << round)) % num_ranks_; }
  constexpr int ReceivesFrom(int round) const { return (rank_ + num_ranks_ - (1 << round)) % num_ranks_; }

 private:
  int num_ranks_;
  int rank_;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_DISSEMINATION_H_
