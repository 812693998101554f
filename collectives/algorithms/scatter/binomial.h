// SPDX-License-Identifier: Apache-2.0
// Binomial: blocks go down a binomial tree; an inner rank receives its subtree's together in scratch, and passes them on.
//
// Cost: log2 n rounds; a block crosses up to log2 n edges. The root sends log2 n messages (one more where a subtree passes
// the last rank). For small blocks.
// Source: folklore; see collectives/patterns/knomial_tree.h.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_BINOMIAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_BINOMIAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::scatter {

Schedule BuildBinomial(const Shape& shape, int rank);

}  // namespace tutti::scatter

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_SCATTER_BINOMIAL_H_
