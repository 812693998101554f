// SPDX-License-Identifier: Apache-2.0
// Bine butterfly (binomial negabinary): as the circulant graph, what a rank holds doubles each round, but partners
// exchange both ways, and the distances between them are a third shorter. For even numbers of ranks.
//
//   distances 1, 1, 3, 5, 11, ...   even ranks look up, down, up, ... and odd ranks the other way
//
//   rank 0 of 8 holds:                   0                      partner 1
//                                        0  1                   partner -1
//                                 -2 -1  0  1                   partner 3
//                                 -2 -1  0  1  2  3  4  5
//
// So a rank always holds a stretch of chunks, its partner the stretch next to it, and an all-gather sends one of what
// it holds to have the other. In the last round of a rank count that is no power of two the two stretches meet on the
// far side as well; then only what is missing moves. A reduce-scatter is the same run backwards.
//
// Source: De Sensi et al.: "Bine Trees: Enhancing Collective Operations by Optimizing Communication Locality", SC 2025,
// arXiv:2508.17311.
#ifndef TUTTI_COLLECTIVES_PATTERNS_BINE_BUTTERFLY_H_
#define TUTTI_COLLECTIVES_PATTERNS_BINE_BUTTERFLY_H_

#include <vector>

namespace tutti {

// Chunks first, first + 1, ... mod n.
struct CircularStretch {
  int first = 0;
  int num = 0;
};

struct BineRound {
  int partner = 0;
  CircularStretch held;      // before the round, by an all-gather
  CircularStretch sent;      // a part of it; a reduce-scatter receives and reduces these
  CircularStretch received;  // as many; a reduce-scatter sends these
};

// In the order of an all-gather (near partners first). num_ranks is even, or 1: then there are none.
std::vector<BineRound> BineRounds(int num_ranks, int rank);

}  // namespace tutti

#endif  // TUTTI_COLLECTIVES_PATTERNS_BINE_BUTTERFLY_H_
