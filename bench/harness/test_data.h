// SPDX-License-Identifier: Apache-2.0
// Pseudo-random input for every rank, and what any operation must make of it. Each rank can compute all ranks' inputs from the
// seed, so nothing has to be communicated to check a result.
//
// Data that is only moved are random bits. Integers that are reduced are random bits as well (sums and products wrap). Floats
// that are reduced are chosen so that every partial result, in whatever order, is exact in the type: small integers for sums,
// signed powers of two for products. So results are compared for equality; only the average of floats is a rounded quotient
// (of an exact sum), for which one unit in the last place is allowed.
#ifndef TUTTI_BENCH_HARNESS_TEST_DATA_H_
#define TUTTI_BENCH_HARNESS_TEST_DATA_H_

#include <cstddef>
#include <cstdint>

#include "tutti/tutti.h"

namespace tutti::bench {

struct TestData {
  tutti_dtype_t dtype;
  bool reduces;  // else op is not used
  tutti_op_t op;
  int ranks;
  uint64_t seed;

  // Writes elements [first, first + count) of the rank's input to `out`.
  void Fill(int rank, size_t first, size_t count, void* out) const;

  // How many of the `count` elements at `got` differ from elements [first, first + count) of the rank's input.
  uint64_t CountWrongInput(int rank, size_t first, size_t count, const void* got) const;

  // ... of the reduction of all ranks' inputs.
  uint64_t CountWrongResult(size_t first, size_t count, const void* got) const;
};

}  // namespace tutti::bench

#endif  // TUTTI_BENCH_HARNESS_TEST_DATA_H_
