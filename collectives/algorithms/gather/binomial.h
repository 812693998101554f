// SPDX-License-Identifier: Apache-2.0
// Binomial: blocks go up a binomial tree; an inner rank collects its subtree's in scratch, and passes them on together.
//
// Cost: log2 n rounds; a block crosses up to log2 n edges. The root receives log2 n messages (one more where a subtree
// passes the last rank). For small blocks.
// Source: folklore; see collectives/patterns/knomial_tree.h.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_GATHER_BINOMIAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_GATHER_BINOMIAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::gather {

Schedule BuildBinomial(const Shape& shape, int rank);

}  // namespace tutti::gather

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_GATHER_BINOMIAL_H_
