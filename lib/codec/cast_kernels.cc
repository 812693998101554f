// SPDX-License-Identifier: Apache-2.0
// Compiles cast_kernels-inl.h once for each instruction set, and chooses among the results.
#include "lib/reduce/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/codec/cast_kernels-inl.h"
#include "hwy/foreach_target.h"  // first: it includes the kernels for all sets but the last
// The last set:
#include "lib/codec/cast_kernels-inl.h"

namespace tutti {

HWY_EXPORT(FillCast);

void FillCastKernels(CodecKernels& kernels) { HWY_DYNAMIC_DISPATCH(FillCast)(kernels); }

}  // namespace tutti
