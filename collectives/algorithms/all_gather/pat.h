// SPDX-License-Identifier: Apache-2.0
// PAT (parallel aggregated trees): every chunk goes out along a binomial tree of its own, far ranks first; chunks that
// go the same way at the same time are one message, as long as that stays within a limit (the drawing is in
// patterns/aggregated_trees.h). A far partner gets few chunks, near ones get many, where Bruck's way (circulant) sends
// half of everything to the farthest.
//
// The limit is segment_bytes: shorter chunks are put together to messages of that length, longer ones are cut into
// them. What travels together does not lie together in the output, so it is collected in scratch, passed on from there,
// and copied to its places. A chunk of more than half the limit travels alone, from output to output.
//
// Cost: with A chunks in a message (a power of two, n/2 at most) log2 A + n/A - 1 rounds: ceil(log2 n) for small
// chunks; (n - 1) * count sent per rank, the least possible, and about that much copied if A > 1; scratch of up to 2
// log2(n/A) + 1 messages. For small and middle sizes on many ranks, where far ranks are on other switches.
// Source: Sylvain Jeaugey: "PAT: a new algorithm for all-gather and reduce-scatter operations at scale",
// arXiv:2506.20252.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_PAT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_PAT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_gather {

Schedule BuildPat(const Shape& shape, int rank);

}  // namespace tutti::all_gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_GATHER_PAT_H_
