// SPDX-License-Identifier: Apache-2.0
// Circulant graph with halving skips: for any number of ranks n, chunks are reduced and scattered (or gathered) in
// ceil(log2 n) rounds, with the least possible bytes. Not only for powers of two, and without folding.
//
// A rank sees the n chunks relative to itself: relative chunk i of rank r is chunk (r + i) mod n. Skips halve, rounded
// up:
//
//   n = 11:  11 -> 6 -> 3 -> 2 -> 1       each round goes from `span` to `skip` = ceil(span / 2)
//
//   reduce-scatter, span 11, skip 6:      relative chunks   0 1 2 3 4 | 5 | 6 7 8 9 10
//                                                           ^ reduced      `---------' sent to rank r + 6,
//                                                           with what comes           where they are 0 1 2 3 4
//                                                           from rank r - 6
//
// so that after a round only the chunks below `skip` are still unfinished, and at the end chunk 0 is complete. An
// all-gather is the same run backwards: a rank that holds the chunks below `skip` receives those up to `span` from rank
// r + skip, and sends its first ones to rank r - skip.
//
// Source: Jesper Larsson Traeff: "Optimal, Non-pipelined Reduce-scatter and Allreduce Algorithms", doi:10.34726/10760;
// the all-gather is Bruck et al.: "Efficient algorithms for all-to-all communications in multiport message-passing
// systems", IEEE TPDS 8 (1997), without its rotation.
#ifndef TUTTI_COLLECTIVES_PATTERNS_CIRCULANT_H_
#define TUTTI_COLLECTIVES_PATTERNS_CIRCULANT_H_

#include <array>
#include <vector>

namespace tutti {

struct CirculantRound {
  int skip = 0;      // distance between the ranks that exchange
  int span = 0;      // relative chunks [skip, span) move
  int forward = 0;   // rank + skip: a reduce-scatter sends there, an all-gather receives from there
  int backward = 0;  // rank - skip: the other way round

  int num_chunks() const { return span - skip; }  // at most skip
};

// In the order of a reduce-scatter (large skips first); an all-gather takes them from the back. Empty for one rank.
std::vector<CirculantRound> CirculantRounds(int num_ranks, int rank);

// Consecutive chunks, by their relative and by their real numbers.
struct ChunkStretch {
  int relative = 0;  // the first one's relative number
  int chunk = 0;     // the first one's number
  int num = 0;       // how many; may be 0
};

// Relative chunks [first, first + num) of a rank as two stretches, because real numbers wrap round. The second may be
// empty. 0 <= first, 0 <= num <= num_ranks - first.
std::array<ChunkStretch, 2> StretchesOf(int num_ranks, int rank, int first, int num);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_CIRCULANT_H_
