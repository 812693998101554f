// SPDX-License-Identifier: Apache-2.0
// all_reduce with a codec: every rank owns a slice, gets everyone's codes of it, adds up their values in rank order, and
// sends the codes of the result to everyone (encoded_exchange.h has the drawing).
//
// Each value is encoded twice on its way, as a contribution and as a result, however many ranks there are; a ring would
// encode it n - 1 times.
//
// n ranks, vector of m elements, codes of c bytes for each: 2 rounds, 2 (n-1)/n m c bytes sent and received by each rank.
// Segments follow each other through kWindow sets of slots, so that one is encoded while others travel.
//
// Source: the two rounds of Sanders and Traeff's direct reduce-scatter; as used with codes by Seide et al. 2014 (1-bit SGD).
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_DIRECT_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_DIRECT_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildEncodedDirect(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_DIRECT_H_
