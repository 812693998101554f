// SPDX-License-Identifier: Apache-2.0
// Tensors in memory that tutti allocates (tutti/memory.h): the other ranks of the host read it where it lies, and devices for
// RDMA know it once and for all.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_HOST_MEMORY_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_HOST_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ATen/ATen.h>
#include <tutti/tutti.h>

namespace tutti_torch {

// Freed with the last tensor that uses it, whether the communicator is still there or not; not by a forked child, where it is
// the parent's. Throws if there is none left.
at::DataPtr AllocateHostMemory(tutti_comm_t comm, size_t bytes);

// Whether the tensor's storage is of that kind.
bool IsInHostMemory(const at::Tensor& tensor);

// A contiguous tensor of zeros in it, which cannot be resized.
at::Tensor TensorOf(at::DataPtr memory, const std::vector<int64_t>& sizes, const at::TensorOptions& options);

// Throws unless MoveTo can move it.
void CheckMovable(const at::Tensor& tensor);

// The tensor's storage, and with it all tensors that are views of it, get their elements there. Nobody may use it meanwhile,
// nor have its old address.
void MoveTo(at::DataPtr memory, const at::Tensor& tensor);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_HOST_MEMORY_H_
