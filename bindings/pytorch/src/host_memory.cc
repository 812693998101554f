// SPDX-License-Identifier: Apache-2.0
#include "host_memory.h"

#include <cstring>
#include <string>
#include <utility>

#include <ATen/core/grad_mode.h>

#include "checks.h"
#include "errors.h"
#include "fork_generation.h"
#include "without_gil.h"

namespace tutti_torch {
namespace {

struct Block {
  tutti_mem_t memory = nullptr;
  int generation = 0;
};

// In a child, whoever held the library's locks at the fork does not exist; and the memory is not the child's to give back.
void Free(void* context) {
  const Block* block = static_cast<Block*>(context);
  if (block->generation == ForkGeneration()) {
    WithoutGil([block] { tutti_mem_free(block->memory); });
  }
  delete block;
}

}  // namespace

at::DataPtr AllocateHostMemory(tutti_comm_t comm, size_t bytes) {
  void* address = nullptr;
  tutti_mem_t memory = nullptr;
  Check(tutti_mem_alloc(comm, bytes, &address, &memory), "allocating " + std::to_string(bytes) + " bytes");
  return {address, new Block{memory, ForkGeneration()}, &Free, at::kCPU};
}

bool IsInHostMemory(const at::Tensor& tensor) {
  return tensor.has_storage() && tensor.storage().data_ptr().get_deleter() == &Free;
}

at::Tensor TensorOf(at::DataPtr memory, const std::vector<int64_t>& sizes, const at::TensorOptions& options) {
  const at::NoGradGuard no_grad;
  at::Tensor tensor = at::empty({0}, options);
  size_t bytes = tensor.itemsize();
  for (const int64_t size : sizes) bytes *= static_cast<size_t>(size);
  c10::Storage storage(c10::Storage::use_byte_size_t(), bytes, std::move(memory), /*allocator=*/nullptr,
                       /*resizable=*/false);
  std::vector<int64_t> strides(sizes.size(), 1);
  for (size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
  return tensor.set_(std::move(storage), 0, sizes, strides);
}

void CheckMovable(const at::Tensor& tensor) {
  CheckTensor("move", tensor);
  if (!tensor.storage().resizable()) {
    Refuse(
        "move: the tensor's memory is not torch's own (it comes from numpy, a file, or another process's memory), and "
        "cannot "
        "be exchanged: copy it to a tensor of tutti_torch.empty.");
  }
}

void MoveTo(at::DataPtr memory, const at::Tensor& tensor) {
  c10::StorageImpl* storage = tensor.storage().unsafeGetStorageImpl();
  std::memcpy(memory.get(), storage->data(), storage->nbytes());
  storage->set_data_ptr(std::move(memory));
}

}  // namespace tutti_torch
