// SPDX-License-Identifier: Apache-2.0
// Bytes that tutti saves for checkpoints, as tensors, which is what checkpoints are made of.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_SAVED_BYTES_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_SAVED_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include <ATen/ATen.h>
#include <tutti/tutti.h>

#include "errors.h"

namespace tutti_torch {

// save(buffer, capacity, &bytes) as in tutti's functions that save.
template <typename Save>
at::Tensor SavedBytes(const char* name, Save save) {
  size_t bytes = 0;
  Check(save(nullptr, size_t{0}, &bytes), name);
  const at::Tensor saved = at::empty({static_cast<int64_t>(bytes)}, at::kByte);
  Check(save(saved.data_ptr(), bytes, &bytes), name);
  return saved;
}

// One after the other in host memory.
inline at::Tensor CheckedBytes(const char* name, const at::Tensor& saved) {
  if (saved.defined() && saved.device().is_cpu() && saved.scalar_type() == at::kByte) return saved.contiguous();
  Refuse(std::string(name) + ": what is given is not a tensor of bytes (uint8) in host memory, as it was saved.");
}

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_SAVED_BYTES_H_
