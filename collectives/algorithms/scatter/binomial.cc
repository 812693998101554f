// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/scatter/binomial.h"

#include "collectives/algorithms/scatter/knomial.h"

namespace tutti::scatter {

Schedule BuildBinomial(const Shape& shape, int rank) { return AlongKnomialTree(shape, rank, /*radix=*/2); }

}  // namespace tutti::scatter
