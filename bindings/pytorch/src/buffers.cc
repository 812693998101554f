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

at::Tensor EmptyBlocks(const std::vector<at::Tensor>& blocks) {
  return at::empty({static_cast<int64_t>(blocks.size()), blocks[0].numel()},
                   blocks[0].options().memory_format(at::MemoryFormat::Contiguous));
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
  held_.push_back(EmptyBlocks(blocks));
  const at::Tensor all = held_.back();
  for (size_t i = 0; i < blocks.size(); ++i) {
    all.select(0, static_cast<int64_t>(i)).view(blocks[i].sizes()).copy_(blocks[i]);
  }
  return all.data_ptr();
}

void* Buffers::OutputBlocks(const std::vector<at::Tensor>& blocks) {
  if (AreAdjacent(blocks)) {
    held_.insert(held_.end(), blocks.begin(), blocks.end());
    return blocks[0].data_ptr();
  }
  const NoAutograd guard;
  held_.push_back(EmptyBlocks(blocks));
  const at::Tensor all = held_.back();
  for (size_t i = 0; i < blocks.size(); ++i) {
    copies_.push_back({all.select(0, static_cast<int64_t>(i)).view(blocks[i].sizes()), blocks[i]});
  }
  return all.data_ptr();
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
