// SPDX-License-Identifier: Apache-2.0
// Saved: "TPS1" with flags (1: error feedback, 2: warm start), the config, the step, the right factor, the residual.
#include "lib/codec/low_rank.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "lib/base/prng.h"
#include "lib/codec/byte_records.h"
#include "lib/codec/orthonormal.h"

namespace tutti {
namespace {

struct SavedConfig {
  uint64_t rows, cols, rank, seed;

  friend bool operator==(const SavedConfig&, const SavedConfig&) = default;
};
static_assert(sizeof(SavedConfig) == 32);

SavedMark MarkOf(const LowRankConfig& config) {
  return {{'T', 'P', 'S', '1'}, (config.error_feedback ? 1u : 0u) | (config.warm_start ? 2u : 0u)};
}
SavedConfig Saved(const LowRankConfig& config) { return {config.rows, config.cols, config.rank, config.seed}; }

// The first condition follows from the second, and keeps its left side from overflowing.
bool FactorsAreLarger(const LowRankConfig& config) {
  return config.rank >= std::min(config.rows, config.cols) ||
         config.rank * (config.rows + config.cols) >= config.rows * config.cols;
}

}  // namespace

LowRank::LowRank(const LowRankConfig& config) : config_(config), is_dense_(FactorsAreLarger(config)) {
  if (is_dense_) return;
  left_.resize(left_size());
  right_.resize(right_size());
  next_right_.resize(right_size());
  if (config.error_feedback) residual_.resize(config.rows * config.cols);
  row_.resize(config.cols);
  approximation_.resize(config.cols);
  for (size_t k = 0; k < config.rank; ++k) FillRandom({right_.data() + k * config.cols, config.cols}, k);
}

// Of length 1. Numbers come from the seed, the step and the column's number, so all ranks draw the same.
void LowRank::FillRandom(std::span<float> column, uint64_t number) const {
  Prng prng(config_.seed, step_ * config_.rank + number);
  for (float& value : column) value = static_cast<float>(prng.Unit() + prng.Unit() + prng.Unit() - 1.5);
  if (!Normalize(column)) column[0] = 1;
}

const float* LowRank::WithResidual(const float* matrix, size_t row) {
  const float* from = matrix + row * config_.cols;
  if (residual_.empty()) return from;
  const float* residual = residual_.data() + row * config_.cols;
  for (size_t j = 0; j < config_.cols; ++j) row_[j] = from[j] + residual[j];
  return row_.data();
}

std::span<float> LowRank::LeftFactor(const float* matrix) {
  for (size_t i = 0; i < config_.rows; ++i) {
    const float* row = WithResidual(matrix, i);
    for (size_t k = 0; k < config_.rank; ++k) {
      left(k)[i] = DotProduct(row, right_.data() + k * config_.cols, config_.cols);
    }
  }
  return left_;
}

std::span<float> LowRank::RightFactor(const float* matrix) {
  Orthonormalize(left_, config_.rank);
  std::fill(next_right_.begin(), next_right_.end(), 0.0f);
  for (size_t i = 0; i < config_.rows; ++i) {
    const float* row = WithResidual(matrix, i);
    for (size_t k = 0; k < config_.rank; ++k) AddScaled(left(k)[i], row, right(k).data(), config_.cols);
  }
  return next_right_;
}

void LowRank::FinishStep(const float* matrix, float factor, float* result) {
  for (size_t i = 0; i < config_.rows; ++i) {
    const float* row = WithResidual(matrix, i);
    std::fill(approximation_.begin(), approximation_.end(), 0.0f);
    for (size_t k = 0; k < config_.rank; ++k) {
      AddScaled(left(k)[i], right(k).data(), approximation_.data(), config_.cols);
    }
    if (!residual_.empty()) {
      float* residual = residual_.data() + i * config_.cols;
      for (size_t j = 0; j < config_.cols; ++j) {
        const float rest = row[j] - approximation_[j];
        residual[j] = std::isfinite(rest) ? rest : 0.0f;  // an overflow is seen once, and does not stay
      }
    }
    for (size_t j = 0; j < config_.cols; ++j) result[i * config_.cols + j] = factor * approximation_[j];
  }
  PrepareNextStep();
}

void LowRank::PrepareNextStep() {
  ++step_;
  std::swap(right_, next_right_);
  for (size_t k = 0; k < config_.rank; ++k) {
    // The direction is all that counts. A column that has none left (the matrix had a lower rank, or was infinite)
    // begins anew, or it would stay lost.
    const std::span<float> column(right_.data() + k * config_.cols, config_.cols);
    if (!config_.warm_start || !Normalize(column)) FillRandom(column, k);
  }
}

std::vector<uint8_t> LowRank::Save() const {
  std::vector<uint8_t> saved;
  AppendRecord(&saved, MarkOf(config_));
  AppendRecord(&saved, Saved(config_));
  AppendRecord(&saved, step_);
  AppendBytes(&saved, right_.data(), right_.size() * sizeof(float));
  AppendBytes(&saved, residual_.data(), residual_.size() * sizeof(float));
  return saved;
}

tutti_status_t LowRank::Restore(std::span<const uint8_t> saved) {
  SavedConfig saved_config;
  uint64_t step = 0;
  if (!TakeMark(&saved, MarkOf(config_)) || !TakeRecord(&saved, &saved_config) || !TakeRecord(&saved, &step)) {
    return TUTTI_ERR_INVALID_ARGUMENT;
  }
  const size_t right_bytes = right_.size() * sizeof(float), residual_bytes = residual_.size() * sizeof(float);
  if (saved_config != Saved(config_) || saved.size() != right_bytes + residual_bytes) {
    return TUTTI_ERR_INVALID_ARGUMENT;
  }
  if (right_bytes > 0) std::memcpy(right_.data(), saved.data(), right_bytes);
  if (residual_bytes > 0) std::memcpy(residual_.data(), saved.data() + right_bytes, residual_bytes);
  step_ = step;
  return TUTTI_OK;
}

}  // namespace tutti
