// SPDX-License-Identifier: Apache-2.0
// Compiles float_kernels-inl.h once for each instruction set, and chooses among the results.
#include "lib/reduce/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "lib/reduce/float_kernels-inl.h"
#include "hwy/foreach_target.h"  // first: it includes the kernels for all sets but the last
// The last set:
#include "lib/reduce/float_kernels-inl.h"

namespace tutti {

HWY_EXPORT(FillFloat);

void FillFloatKernels(KernelTable& table) { HWY_DYNAMIC_DISPATCH(FillFloat)(table); }

}  // namespace tutti
