// SPDX-License-Identifier: Apache-2.0
// Element-wise reduction kernels for all types and operations. SIMD, chosen at run time; the result is the same, bit for
// bit, whatever instruction set is chosen, whatever the alignment and however a range is cut into calls.
//
// Operand order matters only for NaN payloads: where operands are NaN the result is a quiet NaN that depends on the order
// alone. Pointers need no alignment (views from a transport have none).
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
  // num_sources >= 1. dst may be any of the sources.
  void (*reduce_many)(void* dst, const void* const* sources, size_t num_sources, size_t count);

  // data[i] = data[i] / num_ranks: finishes an average. A no-op for all operations but kAvg.
  void (*finish)(void* data, size_t count, uint32_t num_ranks);
};

// Valid for every pair of enum values.
const ReduceKernels& KernelsFor(DataType type, ReduceOp op);

// The instruction set in use: "AVX2", "AVX3", "NEON", "SCALAR", ... for logs.
const char* ReduceTargetName();

}  // namespace tutti

#endif  // TUTTI_LIB_REDUCE_REDUCE_H_
