// SPDX-License-Identifier: Apache-2.0
// Averages of matrices by way of two thin ones: see tutti/powersgd.h, which a LowRankMatrix is.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_LOW_RANK_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_LOW_RANK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/ATen.h>
#include <tutti/tutti.h>

#include "process_group.h"

namespace tutti_torch {

// What is remembered of one matrix from step to step. One thread at a time.
class LowRankMatrix {
 public:
  // Throws if the shape is none.
  LowRankMatrix(int64_t rows, int64_t cols, int64_t rank, bool error_feedback, bool warm_start, uint64_t seed);
  ~LowRankMatrix() { tutti_powersgd_destroy(handle_); }
  LowRankMatrix(const LowRankMatrix&) = delete;
  LowRankMatrix& operator=(const LowRankMatrix&) = delete;

  tutti_powersgd_t handle() const { return handle_; }

  // float32 values in the matrix.
  int64_t numel() const { return rows_ * cols_; }

  // For checkpoints: bytes (uint8), which are good for a matrix of the same shape and options.
  at::Tensor Save() const;
  void Restore(const at::Tensor& saved);

 private:
  const int64_t rows_;
  const int64_t cols_;
  tutti_powersgd_t handle_ = nullptr;
};

// Each tensor, which has as many elements as its matrix, becomes nearly its average over all ranks. Blocks until all are done;
// two all_reduces for each, in order, on all ranks.
void AverageByLowRank(ProcessGroupTutti& group, const std::vector<std::shared_ptr<LowRankMatrix>>& matrices,
                      const std::vector<at::Tensor>& tensors);

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_LOW_RANK_H_
