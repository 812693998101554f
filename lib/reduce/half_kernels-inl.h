// SPDX-License-Identifier: Apache-2.0
// float16 and bfloat16, for one instruction set. No include guard: half_kernels.cc includes it once for each set.
#include "lib/reduce/half_formats-inl.h"
#include "lib/reduce/kernel_table.h"
#include "lib/reduce/loops-inl.h"
#include "lib/reduce/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

template <class Format>
void FillHalfRow(KernelTable& table, DataType type) {
  table.At(type, ReduceOp::kSum) = ScalingKernelsOf<Format, AddOp>();
  table.At(type, ReduceOp::kProd) = KernelsOf<Format, MulOp>();
  table.At(type, ReduceOp::kMin) = KernelsOf<Format, FloatMinOp>();
  table.At(type, ReduceOp::kMax) = KernelsOf<Format, FloatMaxOp>();
  table.At(type, ReduceOp::kAvg) = ScalingKernelsOf<Format, AddOp>(DivideAll<Format>);
}

void FillHalf(KernelTable& table) {
  FillHalfRow<Float16Format>(table, DataType::kFloat16);
  FillHalfRow<Bfloat16Format>(table, DataType::kBfloat16);
}

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();
