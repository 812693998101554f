// SPDX-License-Identifier: Apache-2.0
// Hierarchical, with a codec where bytes cost most: the ranks of a host reduce values as they are, leaders exchange codes of
// their slices between hosts, and spread values on their own host (hierarchical.h has the drawing, encoded_exchange.h what
// happens between hosts).
//
// A value is encoded twice, as a part of its host's sum and as a result, and only where it leaves a host. What error
// feedback remembers of contributions is about a leader's slice of its host's sum. Where all ranks are on one host nothing
// is encoded.
//
// Cost with h hosts of m ranks, L leaders each, codes of c bytes for an element, vector of k elements: 2 rounds inside and 2
// between hosts; 2(h-1)/h k c bytes leave each host, and 1/L of that goes through each leader. Each leader encodes
// (1 + 1/h) k/L values and decodes 2 k/L, against (1 + 1/n) k and 2 k of encoded_direct on n = h m ranks.
// Source: as hierarchical.h.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_HIERARCHICAL_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_HIERARCHICAL_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildEncodedHierarchical(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_HIERARCHICAL_H_
