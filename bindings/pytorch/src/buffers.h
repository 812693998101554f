// SPDX-License-Identifier: Apache-2.0
// The memory that one operation works in. Dense, contiguous tensors are used in place. What tutti cannot address (strided
// tensors, lists of tensors that do not lie side by side) goes through a copy, which is made when the operation starts,
// and carried back when it has finished.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_BUFFERS_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_BUFFERS_H_

#include <utility>
#include <vector>

#include <ATen/ATen.h>

namespace tutti_torch {

// Every address that is handed out is valid until Release. One thread at a time.
class Buffers {
 public:
  const void* Input(const at::Tensor& tensor);
  void* Output(const at::Tensor& tensor);
  void* InPlace(const at::Tensor& tensor);  // read, then written

  // Tensors of the same type, one after the other.
  const void* InputBlocks(const std::vector<at::Tensor>& blocks);
  void* OutputBlocks(const std::vector<at::Tensor>& blocks);

  // Carries results to where the caller wants them.
  void CopyOut();
  void Release();

 private:
  struct CopyBack {
    at::Tensor from;
    at::Tensor to;
  };

  std::vector<at::Tensor> held_;
  std::vector<CopyBack> copies_;
};

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_BUFFERS_H_
