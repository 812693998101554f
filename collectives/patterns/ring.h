// SPDX-License-Identifier: Apache-2.0
// Ring: every rank sends to the next one only. In each of n - 1 rounds all n chunks are on the move, each one rank
// further:
//
//   round 0:  rank 0 --c0--> rank 1 --c1--> rank 2 --c2--> rank 3 --c3--> rank 0
//   round 1:  rank 0 --c3--> rank 1 --c0--> rank 2 --c1--> rank 3 --c2--> rank 0
//
// A rank sends in a round what it received in the round before. `shift` says who starts with which chunk: rank r first
// sends chunk r + shift, and last receives chunk r + shift + 1 (mod n).
//
// Source: Patarasuk, Yuan: "Bandwidth optimal all-reduce algorithms for clusters of workstations", JPDC 69 (2009).
#ifndef TUTTI_COLLECTIVES_PATTERNS_RING_H_
#define TUTTI_COLLECTIVES_PATTERNS_RING_H_

namespace tutti {

class Ring {
 public:
  // num_ranks >= 2, 0 <= rank < num_ranks, -num_ranks < shift < num_ranks.
  constexpr Ring(int num_ranks, int rank, int shift) : num_ranks_(num_ranks), rank_(rank), shift_(shift) {}

  constexpr int num_rounds() const { return num_ranks_ - 1; }
  constexpr int next() const { return Wrap(rank_ + 1); }
  constexpr int previous() const { return Wrap(rank_ - 1); }
  // 0 <= round < num_rounds().
  constexpr int SentChunk(int round) const { return Wrap(rank_ + shift_ - round); }
  constexpr int ReceivedChunk(int round) const { return Wrap(rank_ + shift_ - round - 1); }

 private:
  constexpr int Wrap(int value) const {
    const int remainder = value % num_ranks_;
    return remainder < 0 ? remainder + num_ranks_ : remainder;
  }

  int num_ranks_;
  int rank_;
  int shift_;
};

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_RING_H_
