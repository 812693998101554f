// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/scatter/knomial4.h"

#include "collectives/algorithms/scatter/knomial.h"

namespace tutti::scatter {

Schedule BuildKnomial4(const Shape& shape, int rank) { return AlongKnomialTree(shape, rank, /*radix=*/4); }

}  // namespace tutti::scatter
