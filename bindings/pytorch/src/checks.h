// SPDX-License-Identifier: Apache-2.0
// What is asked of tensors before anything starts. All refuse with a sentence that begins with `name`, the operation.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_CHECKS_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_CHECKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include <ATen/ATen.h>

namespace tutti_torch {

using Tensors = std::vector<at::Tensor>;

// In host memory, and neither sparse nor quantized.
void CheckTensor(const char* name, const at::Tensor& tensor);

// c10d passes lists, for processes with several devices; tutti's have one.
const at::Tensor& Only(const char* name, const Tensors& tensors, const char* which);
const Tensors& OnlyList(const char* name, const std::vector<Tensors>& lists, int size, const char* which);

// `wanted` blocks that are alike: as many elements of the same type as `like`.
void CheckBlocks(const char* name, const Tensors& blocks, int wanted, const at::Tensor& like, const char* which);

// Blocks for all ranks, of any length but this rank's own, which is as long as `own`.
void CheckUnevenBlocks(const char* name, const Tensors& blocks, int rank, const at::Tensor& own, const char* which);

// How many elements each block has, times per_element.
std::vector<size_t> CountsOf(const Tensors& blocks, size_t per_element);
bool AreEqual(const std::vector<size_t>& counts);

void CheckSameType(const char* name, const at::Tensor& a, const at::Tensor& b);

// `whole` holds one `part` for each rank.
void CheckWhole(const char* name, const at::Tensor& whole, const at::Tensor& part, int size);

void CheckRoot(const char* name, int64_t root, int size);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_CHECKS_H_
