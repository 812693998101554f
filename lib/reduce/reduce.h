// SPDX-License-Identifier: Apache-2.0
// Element-wise reduction kernels for all types and operations. SIMD, chosen at run time; the result is the same, bit
// for bit, whatever instruction set is chosen, whatever the alignment and however a range is cut into calls.
//
// A result that is not a number is always the same one: positive, quiet, without payload. So a op b equals b op a in
// every bit, for every operation; only the grouping of three or more operands can be seen (in rounding).
//
// Pointers need no alignment (views from a transport have none). Any thread; no allocation, no locks. Floating-point
// modes of the calling thread (rounding, flushing of subnormal numbers) act as in its own arithmetic.
#ifndef TUTTI_LIB_REDUCE_REDUCE_H_
#define TUTTI_LIB_REDUCE_REDUCE_H_

#include <cstddef>
#include <cstdint>

#include "lib/base/dtype.h"

namespace tutti {

struct ReduceKernels {
  // dst[i] = a[i] op b[i]. dst may be a or b, or overlap neither. kAvg adds.
  void (*reduce)(void* dst, const void* a, const void* b, size_t count);

  // dst[i] = sources[0][i] op sources[1][i] op ... in one pass; half types accumulate in float and are rounded once.
  // num_sources >= 1. dst may be any of the sources, or overlap none. One source is copied unchanged.
  void (*reduce_many)(void* dst, const void* const* sources, size_t num_sources, size_t count);

  // data[i] = data[i] / num_ranks: finishes an average. A no-op for all operations but kAvg. Half types divide in float
  // and are rounded once.
  void (*finish)(void* data, size_t count, uint32_t num_ranks);

  // dst[i] = factor * source[i]; dst may be the source, or overlap not. Only for kSum and kAvg of floating-point types,
  // otherwise nullptr. The factor is rounded to the type; for half types to float, and the product once to the half.
  void (*scale)(void* dst, const void* source, double factor, size_t count);
};

// Valid for every pair of enum values that IsDefined.
const ReduceKernels& KernelsFor(DataType type, ReduceOp op);

// The instruction set in use: "AVX2", "AVX3", "NEON", "SCALAR", ... for logs.
const char* ReduceTargetName();

}  // namespace tutti

#endif  // TUTTI_LIB_REDUCE_REDUCE_H_
