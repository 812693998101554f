// SPDX-License-Identifier: Apache-2.0
#include "buffers.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/grad_mode.h>

namespace tutti_torch {
namespace {

// What communication does to tensors is no part of anybody's graph, and does not count as a change to saved values.
struct NoAutograd {
  at::NoGradGuard no_grad;
  at::AutoDispatchBelowADInplaceOrView below_autograd;
};

bool AreAdjacent(const std::vector<at::Tensor>& blocks) {
  const char* next = nullptr;
  for (const at::Tensor& block : blocks) {
    if (!block.is_contiguous() || !block.storage().is_alias_of(blocks[0].storage())) return false;
    const char* begin = static_cast<const char*>(block.data_ptr());
    if (next != nullptr && begin != next) return false;
    next = begin + block.nbytes();
  }
  return true;
}

// Memory for all blocks, and each block's part of it in the block's shape.
at::Tensor MakeRoom(const std::vector<at::Tensor>& blocks, std::vector<at::Tensor>* parts) {
  int64_t total = 0;
  for (const at::Tensor& block : blocks) total += block.numel();
  at::Tensor all = at::empty({total}, blocks[0].options().memory_format(at::MemoryFormat::Contiguous));
  int64_t begin = 0;
  for (const at::Tensor& block : blocks) {
    parts->push_back(all.narrow(0, begin, block.numel()).view(block.sizes()));
    begin += block.numel();
  }
  return all;
}

}  // namespace

const void* Buffers::Input(const at::Tensor& tensor) {
  const NoAutograd guard;
  held_.push_back(tensor.contiguous());
  return held_.back().data_ptr();
}

void* Buffers::Output(const at::Tensor& tensor) {
  const NoAutograd guard;
  held_.push_back(tensor.is_contiguous() ? tensor : at::empty(tensor.sizes(), tensor.options()));
  if (!tensor.is_contiguous()) copies_.push_back({held_.back(), tensor});
  return held_.back().data_ptr();
}

void* Buffers::InPlace(const at::Tensor& tensor) {
  const NoAutograd guard;
  void* memory = Output(tensor);
  if (!tensor.is_contiguous()) held_.back().copy_(tensor);
  return memory;
}

const void* Buffers::InputBlocks(const std::vector<at::Tensor>& blocks) {
  if (AreAdjacent(blocks)) {
    held_.insert(held_.end(), blocks.begin(), blocks.end());
    return blocks[0].data_ptr();
  }
  const NoAutograd guard;
  std::vector<at::Tensor> parts;
  held_.push_back(MakeRoom(blocks, &parts));
  for (size_t i = 0; i < blocks.size(); ++i) parts[i].copy_(blocks[i]);
  return held_.back().data_ptr();
}

void* Buffers::OutputBlocks(const std::vector<at::Tensor>& blocks) {
  if (AreAdjacent(blocks)) {
    held_.insert(held_.end(), blocks.begin(), blocks.end());
    return blocks[0].data_ptr();
  }
  const NoAutograd guard;
  std::vector<at::Tensor> parts;
  held_.push_back(MakeRoom(blocks, &parts));
  for (size_t i = 0; i < blocks.size(); ++i) copies_.push_back({parts[i], blocks[i]});
  return held_.back().data_ptr();
}

void Buffers::CopyOut() {
  const NoAutograd guard;
  for (CopyBack& copy : copies_) copy.to.copy_(copy.from);
}

void Buffers::Release() {
  copies_.clear();
  held_.clear();
}

}  // namespace tutti_torch
