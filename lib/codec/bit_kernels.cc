// SPDX-License-Identifier: Apache-2.0
// Compiles bit_kernels-inl.h once for each instruction set, and chooses among the results.
#include "lib/reduce/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/codec/bit_kernels-inl.h"
#include "hwy/foreach_target.h"  // first: it includes the kernels for all sets but the last
// The last set:
#include "lib/codec/bit_kernels-inl.h"

namespace tutti {

HWY_EXPORT(FillBit);

void FillBitKernels(CodecKernels& kernels) { HWY_DYNAMIC_DISPATCH(FillBit)(kernels); }

}  // namespace tutti
