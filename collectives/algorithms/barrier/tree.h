// SPDX-License-Identifier: Apache-2.0
// Tree: word that a subtree is there goes up a tree of radix 4, and the word to go on comes down again (the drawing is
// in patterns/knomial_tree.h).
//
// Cost: 2 ceil(log4 n) rounds; 2 (n - 1) empty messages on all ranks together, against n log2(n) of dissemination. For
// ranks that outnumber cores, where each message costs somebody a wake-up. Source: folklore.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_TREE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_TREE_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::barrier {

Schedule BuildTree(const Shape& shape, int rank);

}  // namespace tutti::barrier

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BARRIER_TREE_H_
