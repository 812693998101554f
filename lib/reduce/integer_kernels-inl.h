// SPDX-License-Identifier: Apache-2.0
// All integer types, for one instruction set. No include guard: integer_kernels.cc includes it once for each set.
#include "lib/reduce/integer_quotients-inl.h"
#include "lib/reduce/kernel_table.h"
#include "lib/reduce/loops-inl.h"
#include "lib/reduce/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace tutti {
namespace HWY_NAMESPACE {

// Sums and products that wrap around have the same bits whether the operands have a sign or not; unsigned arithmetic is
// the one that C++ lets wrap.
template <typename T>
void FillIntegerRow(KernelTable& table, DataType type) {
  using U = hwy::MakeUnsigned<T>;
  table.At(type, ReduceOp::kSum) = KernelsOf<PlainFormat<U>, AddOp>();
  if constexpr (sizeof(T) == 1) {
    table.At(type, ReduceOp::kProd) = KernelsOf<PlainFormat<uint16_t, 1>, MulBytePairsOp>();
  } else {
    table.At(type, ReduceOp::kProd) = KernelsOf<PlainFormat<U>, MulOp>();
  }
  table.At(type, ReduceOp::kMin) = KernelsOf<PlainFormat<T>, MinOp>();
  table.At(type, ReduceOp::kMax) = KernelsOf<PlainFormat<T>, MaxOp>();
  table.At(type, ReduceOp::kAvg) = KernelsOf<PlainFormat<U>, AddOp>(IntegerFinish<T>());
  table.At(type, ReduceOp::kAnd) = KernelsOf<PlainFormat<U>, AndOp>();
  table.At(type, ReduceOp::kOr) = KernelsOf<PlainFormat<U>, OrOp>();
  table.At(type, ReduceOp::kXor) = KernelsOf<PlainFormat<U>, XorOp>();
}

void FillInteger(KernelTable& table) {
  FillIntegerRow<int8_t>(table, DataType::kInt8);
  FillIntegerRow<uint8_t>(table, DataType::kUint8);
  FillIntegerRow<int32_t>(table, DataType::kInt32);
  FillIntegerRow<uint32_t>(table, DataType::kUint32);
  FillIntegerRow<int64_t>(table, DataType::kInt64);
  FillIntegerRow<uint64_t>(table, DataType::kUint64);
}

}  // namespace HWY_NAMESPACE
}  // namespace tutti
HWY_AFTER_NAMESPACE();
