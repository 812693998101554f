// SPDX-License-Identifier: Apache-2.0
// How the families of kernels are put together. Internal to lib/reduce and its tests; users call KernelsFor.
#ifndef TUTTI_LIB_REDUCE_KERNEL_TABLE_H_
#define TUTTI_LIB_REDUCE_KERNEL_TABLE_H_

#include "lib/base/dtype.h"
#include "lib/reduce/reduce.h"

namespace tutti {

// All kernels, for one instruction set.
struct KernelTable {
  ReduceKernels kernels[kNumDataTypes][kNumReduceOps] = {};

  ReduceKernels& At(DataType type, ReduceOp op) { return kernels[static_cast<size_t>(type)][static_cast<size_t>(op)]; }
  const ReduceKernels& At(DataType type, ReduceOp op) const { return const_cast<KernelTable*>(this)->At(type, op); }
};

// Each fills in the rows of its types with the kernels of the instruction set that Highway chooses at this moment.
void FillIntegerKernels(KernelTable& table);
void FillFloatKernels(KernelTable& table);
void FillHalfKernels(KernelTable& table);

// The whole table for the instruction set that Highway chooses at this moment. KernelsFor makes one and keeps it; tests
// make one for each set.
KernelTable MakeKernelTable();

}  // namespace tutti

#endif  // TUTTI_LIB_REDUCE_KERNEL_TABLE_H_
