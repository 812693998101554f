// SPDX-License-Identifier: Apache-2.0
#include "low_rank.h"

#include <string>

#include "buffers.h"
#include "checks.h"
#include "errors.h"
#include "saved_bytes.h"

namespace tutti_torch {
namespace {

constexpr const char* kName = "powersgd";

size_t Positive(int64_t value, const char* what) {
  if (value > 0) return static_cast<size_t>(value);
  Refuse(std::string(kName) + ": " + what + " is " + std::to_string(value) + "; it must be 1 or more.");
}

void CheckFits(const LowRankMatrix& matrix, const at::Tensor& tensor) {
  CheckTensor(kName, tensor);
  if (tensor.scalar_type() != at::kFloat) {
    Refuse(std::string(kName) + ": the elements are " + c10::toString(tensor.scalar_type()) + ", but must be float32.");
  }
  if (tensor.numel() == matrix.numel()) return;
  Refuse(std::string(kName) + ": a tensor has " + std::to_string(tensor.numel()) + " elements, but its matrix has " +
         std::to_string(matrix.numel()) + ".");
}

}  // namespace

LowRankMatrix::LowRankMatrix(int64_t rows, int64_t cols, int64_t rank, bool error_feedback, bool warm_start,
                             uint64_t seed)
    : rows_(rows), cols_(cols) {
  tutti_powersgd_config_t config = TUTTI_POWERSGD_CONFIG_INIT;
  config.rows = Positive(rows, "the number of rows");
  config.cols = Positive(cols, "the number of columns");
  config.rank = Positive(rank, "the rank");
  config.error_feedback = error_feedback ? 1 : 0;
  config.warm_start = warm_start ? 1 : 0;
  config.seed = seed;
  Check(tutti_powersgd_create(&config, &handle_), kName);
}

at::Tensor LowRankMatrix::Save() const {
  return SavedBytes(kName, [this](void* buffer, size_t capacity, size_t* bytes) {
    return tutti_powersgd_save(handle_, buffer, capacity, bytes);
  });
}

void LowRankMatrix::Restore(const at::Tensor& saved) {
  const at::Tensor bytes = CheckedBytes(kName, saved);
  Check(tutti_powersgd_restore(handle_, bytes.data_ptr(), bytes.nbytes()), kName);
}

void AverageByLowRank(ProcessGroupTutti& group, const std::vector<std::shared_ptr<LowRankMatrix>>& matrices,
                      const std::vector<at::Tensor>& tensors) {
  if (matrices.size() != tensors.size()) Refuse(std::string(kName) + ": there must be one matrix for each tensor.");
  for (size_t i = 0; i < tensors.size(); ++i) CheckFits(*matrices[i], tensors[i]);
  group.WithCommunicator(kName, [&](tutti_comm_t comm) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      Buffers buffers;
      auto* values = static_cast<float*>(buffers.InPlace(tensors[i]));
      Check(tutti_powersgd_all_reduce(matrices[i]->handle(), comm, values, values, TUTTI_AVG, nullptr), kName);
      buffers.CopyOut();
    }
  });
}

}  // namespace tutti_torch
