// SPDX-License-Identifier: Apache-2.0
// float32 and float64, for one instruction set. No include guard: float_kernels.cc includes it once for each set.
#include "lib/reduce/kernel_table.h"
#include "lib/reduce/loops-inl.h"
#include "lib/reduce/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

template <typename T>
void FillFloatRow(KernelTable& table, DataType type) {
  using Format = PlainFormat<T>;
  table.At(type, ReduceOp::kSum) = ScalingKernelsOf<Format, AddOp>();
  table.At(type, ReduceOp::kProd) = KernelsOf<Format, MulOp>();
  table.At(type, ReduceOp::kMin) = KernelsOf<Format, FloatMinOp>();
  table.At(type, ReduceOp::kMax) = KernelsOf<Format, FloatMaxOp>();
  table.At(type, ReduceOp::kAvg) = ScalingKernelsOf<Format, AddOp>(DivideAll<Format>);
}

void FillFloat(KernelTable& table) {
  FillFloatRow<float>(table, DataType::kFloat32);
  FillFloatRow<double>(table, DataType::kFloat64);
}

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();
