// SPDX-License-Identifier: Apache-2.0
// A reduce along any tree: every rank reduces what its children send with its own input and sends the sum to its
// parent. Large vectors are cut into segments.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_ALONG_TREE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_ALONG_TREE_H_

#include <vector>

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::reduce {

// parent: -1 at the shape's root. children: in the order in which a broadcast would serve them; they are reduced in the
// opposite one, as the last one served has the least to wait for.
Schedule AlongTree(const Shape& shape, int rank, int parent, const std::vector<int>& children);

}  // namespace tutti::reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_REDUCE_ALONG_TREE_H_
