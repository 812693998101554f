// SPDX-License-Identifier: Apache-2.0
#include "collectives/algorithms/gather/knomial4.h"

#include "collectives/algorithms/gather/knomial.h"

namespace tutti::gather {

Schedule BuildKnomial4(const Shape& shape, int rank) { return AlongKnomialTree(shape, rank, /*radix=*/4); }

}  // namespace tutti::gather
