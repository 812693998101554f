// SPDX-License-Identifier: Apache-2.0
// all_reduce with a codec that makes very few bytes of a vector (sparse ones): every rank sends its codes of the whole
// vector to everyone, and everyone adds up their values in rank order.
//
//   for each segment:  encode -> send n - 1 -> decode, decode_reduce, ...
//
// Each value is encoded once, and nothing is lost of what sums of sparse vectors have more than each of them. n ranks,
// vector of m elements, codes of c bytes for each: 1 round, (n-1) m c bytes sent and received by each rank, n m values
// decoded. Better than encoded_direct where c is so small that bytes do not count, or where there are two ranks.
//
// Source: Renggli et al., "SparCML: High-performance sparse communication for machine learning", SC 2019.
#ifndef TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_GATHER_H_
#define TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_GATHER_H_

#include "collectives/schedule/schedule.h"
#include "collectives/schedule/shape.h"

namespace tutti::all_reduce {

Schedule BuildEncodedGather(const Shape& shape, int rank);

}  // namespace tutti::all_reduce

#endif  // TUTTI_COLLECTIVES_ALGORITHMS_ALL_REDUCE_ENCODED_GATHER_H_
