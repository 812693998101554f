// SPDX-License-Identifier: Apache-2.0
// Before all that may include Highway:
#include "lib/reduce/targets.h"

#include "hwy/targets.h"
#include "lib/reduce/kernel_table.h"
#include "lib/reduce/reduce.h"

namespace tutti {
namespace {

int64_t BestTarget() {
  // The lower the bit, the better the set. At least the baseline that everything is compiled for is left.
  const int64_t usable = (hwy::SupportedTargets() | HWY_STATIC_TARGET) & HWY_TARGETS;
  return usable & -usable;
}

}  // namespace

KernelTable MakeKernelTable() {
  KernelTable table;
  FillIntegerKernels(table);
  FillFloatKernels(table);
  FillHalfKernels(table);
  return table;
}

const ReduceKernels& KernelsFor(DataType type, ReduceOp op) {
  static const KernelTable table = MakeKernelTable();
  return table.At(type, op);
}

const char* ReduceTargetName() {
  static const char* const name = hwy::TargetName(BestTarget());
  return name;
}

}  // namespace tutti
