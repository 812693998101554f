// SPDX-License-Identifier: Apache-2.0
// Recursive doubling: in round k a rank exchanges all it has with the rank whose number differs in bit k, so that what
// a rank knows doubles each round. Works for 2^k ranks; any other number is folded: of the first 2 x extra ranks each
// odd one gives its contribution to its lower neighbour, sits out, and gets the result at the end.
//
//   n = 6, extra = 2:    rank   0   1   2   3   4   5
//   fold                        0 <-1   2 <-3
//   core rank                   0       1       2   3
//   round 0                     0 <---> 1       2 <-> 3
//   round 1                     0 <-----------> 2,  1 <-> 3
//   unfold                      0 ->1   2 ->3
//
// Core ranks keep the order of ranks, so before each round every core rank stands for a stretch of consecutive ranks.
//
// Source: Thakur, Rabenseifner, Gropp: "Optimization of Collective Communication Operations in MPICH", IJHPCA 19
// (2005).
#ifndef TUTTI_COLLECTIVES_PATTERNS_RECURSIVE_DOUBLING_H_
#define TUTTI_COLLECTIVES_PATTERNS_RECURSIVE_DOUBLING_H_

namespace tutti {

class RecursiveDoubling {
 public:
  // num_ranks >= 1, 0 <= rank < num_ranks.
  RecursiveDoubling(int num_ranks, int rank);

  // kGives: sits out and knows only fold_partner(). kTakes: one of the core, with a rank that sits out beside it.
  enum class Fold { kNone, kGives, kTakes };
  Fold fold() const { return fold_; }
  int fold_partner() const { return rank_ ^ 1; }  // only where fold() is not kNone

  // For the core; 0 <= round < num_rounds().
  int num_rounds() const { return num_rounds_; }
  int Partner(int round) const;
  // Whether this rank's stretch lies below its partner's: the same question has opposite answers on the two.
  bool IsLowerSide(int round) const { return (core_rank_ & (1 << round)) == 0; }

 private:
  int rank_;
  int num_rounds_ = 0;
  int extra_ = 0;
  int core_rank_ = 0;
  Fold fold_ = Fold::kNone;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_RECURSIVE_DOUBLING_H_
