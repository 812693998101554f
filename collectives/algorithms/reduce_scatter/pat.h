// SPDX-License-Identifier: Apache-2.0
// PAT (parallel aggregated trees): every chunk is reduced along a binomial tree of its own, near ranks first, to the
// rank whose it is; partial sums that go the same way at the same time are one message, as long as that stays within a
// limit (the drawing is in patterns/aggregated_trees.h). A far partner gets few chunks, and the scratch grows with the
// logarithm of the number of ranks, where circulant has half of the vector in scratch and sends it to the farthest.
//
// The limit is segment_bytes: shorter chunks are put together to messages of that length, longer ones are cut into
// them. What travels together does not lie together in the input, so it is first copied together. A chunk of more than
// half the limit travels alone, and is reduced straight from the input.
//
// Cost: with A chunks in a message (a power of two, n/2 at most) log2 A + n/A - 1 rounds: ceil(log2 n) for small
// chunks; (n - 1) * count sent per rank and reduced, the least possible, and n * count copied if A > 1; scratch of up
// to 2 log2(n/A) + 1 messages, or chunks if A = 1. For small and middle sizes on many ranks, where far ranks are on
// other switches.
// Source: Sylvain Jeaugey: "PAT: a new algorithm for all-gather and reduce-scatter operations at scale",
// arXiv:2506.20252.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_PAT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_PAT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce_scatter {

Schedule BuildPat(const Shape& shape, int rank);

}  // namespace tutti::reduce_scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_SCATTER_PAT_H_
