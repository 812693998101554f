// SPDX-License-Identifier: Apache-2.0
// A matrix as a product of two thin ones: the arithmetic of PowerSGD (Vogels, Karimireddy, Jaggi 2019), which is one step
// of subspace iteration, begun where the last one ended. With M the matrix of this rank, and Q the right factor:
//
//   P = M Q               averaged over ranks
//   P made orthonormal
//   Q = transposed(M) P   averaged over ranks
//   result = P transposed(Q), the same on all ranks;   residual = M - result, added to this rank's next matrix
//
// Here is what one rank does. Averaging is the caller's: nothing here knows of ranks. All ranks get the same bits if they
// are given the same averages: nothing else enters the result, sums have a fixed order, and the room is compiled without
// contraction. One thread at a time.
#ifndef TUTTI_LIB_CODEC_LOW_RANK_H_
#define TUTTI_LIB_CODEC_LOW_RANK_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tutti/status.h"

namespace tutti {

struct LowRankConfig {
  size_t rows = 0, cols = 0;  // more than 0; rows * cols values can lie in memory
  size_t rank = 4;            // more than 0
  bool error_feedback = true;
  bool warm_start = true;  // else each step begins with a new random Q
  uint64_t seed = 0;       // the same on all ranks
};

class LowRank {
 public:
  // Throws std::bad_alloc.
  explicit LowRank(const LowRankConfig& config);

  const LowRankConfig& config() const { return config_; }

  // Whether the factors have as many values as the matrix, or more: then it had better travel as it is. Nothing is
  // remembered, and the three steps below must not be called.
  bool is_dense() const { return is_dense_; }
  size_t left_size() const { return config_.rank * config_.rows; }
  size_t right_size() const { return config_.rank * config_.cols; }

  // One call's three steps. `matrix` lies row by row and is the same in all three; what the first two return is to be
  // averaged over all ranks, in place. Until FinishStep nothing is remembered, so a call may be given up.
  std::span<float> LeftFactor(const float* matrix);
  std::span<float> RightFactor(const float* matrix);
  // result = the average over ranks, times `factor`. result may be `matrix`.
  void FinishStep(const float* matrix, float factor, float* result);

  std::vector<uint8_t> Save() const;
  // INVALID_ARGUMENT, and everything as it was, if the bytes were not saved by one of the same shape and options.
  tutti_status_t Restore(std::span<const uint8_t> saved);

 private:
  std::span<float> left(size_t k) { return {left_.data() + k * config_.rows, config_.rows}; }
  std::span<float> right(size_t k) { return {next_right_.data() + k * config_.cols, config_.cols}; }
  const float* WithResidual(const float* matrix, size_t row);
  void FillRandom(std::span<float> column, uint64_t number) const;
  void PrepareNextStep();

  LowRankConfig config_;
  bool is_dense_;
  uint64_t step_ = 0;
  // Factors column by column: each column is contiguous.
  std::vector<float> left_;
  std::vector<float> right_;       // columns of length 1: where the next step begins
  std::vector<float> next_right_;  // of the step that is being made
  std::vector<float> residual_;    // empty without error feedback
  std::vector<float> row_, approximation_;
};

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_LOW_RANK_H_
