// SPDX-License-Identifier: Apache-2.0
#include "checks.h"

#include <algorithm>
#include <functional>

#include "errors.h"

namespace tutti_torch {
namespace {

std::string Sentence(const char* name, const std::string& text) { return std::string(name) + ": " + text; }

std::string Shape(const at::Tensor& tensor) {
  return std::to_string(tensor.numel()) + " x " + c10::toString(tensor.scalar_type());
}

}  // namespace

void CheckTensor(const char* name, const at::Tensor& tensor) {
  if (!tensor.defined()) Refuse(Sentence(name, "a tensor is undefined."));
  if (!tensor.device().is_cpu()) {
    Refuse(Sentence(name, "a tensor is on " + tensor.device().str() +
                              ", but tutti communicates from host memory only: copy it to the CPU first."));
  }
  if (tensor.layout() != at::kStrided) {
    Refuse(Sentence(name, "a tensor is sparse, but tutti takes dense tensors only: use to_dense()."));
  }
  if (tensor.is_quantized()) Refuse(Sentence(name, "a tensor is quantized: use int_repr()."));
}

const at::Tensor& Only(const char* name, const Tensors& tensors, const char* which) {
  if (tensors.size() != 1) {
    Refuse(Sentence(name, "expected one " + std::string(which) + " tensor, but got " + std::to_string(tensors.size()) +
                              "; a process has one device."));
  }
  CheckTensor(name, tensors[0]);
  return tensors[0];
}

const Tensors& OnlyList(const char* name, const std::vector<Tensors>& lists, int size, const char* which) {
  if (lists.size() != 1) {
    Refuse(Sentence(name, "expected one list of " + std::string(which) + " tensors, but got " +
                              std::to_string(lists.size()) + "; a process has one device."));
  }
  if (lists[0].size() != static_cast<size_t>(size)) {
    Refuse(Sentence(name, "the list of " + std::string(which) + " tensors has " + std::to_string(lists[0].size()) +
                              " entries, but the group has " + std::to_string(size) + " ranks."));
  }
  return lists[0];
}

void CheckBlocks(const char* name, const Tensors& blocks, int wanted, const at::Tensor& like, const char* which) {
  if (blocks.size() != static_cast<size_t>(wanted)) {
    Refuse(Sentence(name, "expected " + std::to_string(wanted) + " " + which + " tensors, but got " +
                              std::to_string(blocks.size()) + "."));
  }
  for (const at::Tensor& block : blocks) {
    CheckTensor(name, block);
    if (block.scalar_type() != like.scalar_type() || block.numel() != like.numel()) {
      Refuse(Sentence(name, "all tensors must have the same type and number of elements, but one " +
                                std::string(which) + " tensor has " + Shape(block) + " and another tensor " +
                                Shape(like) + "."));
    }
  }
}

void CheckUnevenBlocks(const char* name, const Tensors& blocks, int rank, const at::Tensor& own, const char* which) {
  for (const at::Tensor& block : blocks) {
    CheckTensor(name, block);
    CheckSameType(name, block, own);
  }
  const at::Tensor& mine = blocks[static_cast<size_t>(rank)];
  if (mine.numel() == own.numel()) return;
  Refuse(Sentence(name, "the " + std::string(which) + " tensor for rank " + std::to_string(rank) + " has " +
                            std::to_string(mine.numel()) + " elements instead of " + std::to_string(own.numel()) +
                            "."));
}

std::vector<size_t> CountsOf(const Tensors& blocks, size_t per_element) {
  std::vector<size_t> counts;
  for (const at::Tensor& block : blocks) counts.push_back(static_cast<size_t>(block.numel()) * per_element);
  return counts;
}

bool AreEqual(const std::vector<size_t>& counts) {
  return std::adjacent_find(counts.begin(), counts.end(), std::not_equal_to<>()) == counts.end();
}

void CheckSameType(const char* name, const at::Tensor& a, const at::Tensor& b) {
  if (a.scalar_type() == b.scalar_type()) return;
  Refuse(Sentence(name, std::string("all tensors must have the same type, but there are ") +
                            c10::toString(a.scalar_type()) + " and " + c10::toString(b.scalar_type()) + "."));
}

void CheckWhole(const char* name, const at::Tensor& whole, const at::Tensor& part, int size) {
  CheckTensor(name, whole);
  CheckTensor(name, part);
  CheckSameType(name, whole, part);
  if (whole.numel() == part.numel() * size) return;
  Refuse(Sentence(name, "one tensor must be as long as the other one times the number of ranks, but there are " +
                            Shape(whole) + " and " + Shape(part) + " elements, and " + std::to_string(size) +
                            " ranks."));
}

void CheckRoot(const char* name, int64_t root, int size) {
  if (root >= 0 && root < size) return;
  Refuse(Sentence(
      name, "the root is rank " + std::to_string(root) + ", but the group has " + std::to_string(size) + " ranks."));
}

}  // namespace tutti_torch
