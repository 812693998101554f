// SPDX-License-Identifier: Apache-2.0
// A broadcast along any tree: a rank passes on to its children what its parent sends. Large vectors are cut into
// segments, so that a rank passes on the first ones early.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_ALONG_TREE_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_ALONG_TREE_H_

#include <vector>

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::broadcast {

// parent: -1 at the shape's root. children: in the order in which they are served.
Schedule AlongTree(const Shape& shape, int rank, int parent, const std::vector<int>& children);

}  // namespace tutti::broadcast

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_BROADCAST_ALONG_TREE_H_
