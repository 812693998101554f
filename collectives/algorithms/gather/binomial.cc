// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/gather/binomial.h"

#include "collectives/algorithms/gather/knomial.h"

namespace tutti::gather {

Schedule BuildBinomial(const Shape& shape, int rank) { return AlongKnomialTree(shape, rank, /*radix=*/2); }

}  // namespace tutti::gather
