// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/feedback_state.h"

#include <cstring>

#include "lib/codec/byte_records.h"

namespace tutti {
namespace {

SavedMark MarkOf(const FeedbackState& state) { return {{'T', 'E', 'F', '1'}, state.momentum.empty() ? 0u : 1u}; }

constexpr size_t kHeaderBytes = sizeof(SavedMark) + sizeof(uint64_t);

}  // namespace

size_t FeedbackState::LeastSavedBytes(size_t count, bool has_momentum) {
  const size_t element_bytes = sizeof(float) * (has_momentum ? 2 : 1);
  if (count > (SIZE_MAX - kHeaderBytes) / element_bytes) return SIZE_MAX;
  return kHeaderBytes + count * element_bytes;
}

std::vector<uint8_t> FeedbackState::Save() const {
  std::vector<uint8_t> saved;
  AppendRecord(&saved, MarkOf(*this));
  AppendRecord(&saved, uint64_t{residual.size()});
  AppendBytes(&saved, residual.data(), residual.size() * sizeof(float));
  AppendBytes(&saved, momentum.data(), momentum.size() * sizeof(float));
  if (inner_ != nullptr) {
    const std::vector<uint8_t> inner_saved = inner_->Save();
    AppendBytes(&saved, inner_saved.data(), inner_saved.size());
  }
  return saved;
}

tutti_status_t FeedbackState::Restore(std::span<const uint8_t> saved) {
  uint64_t count = 0;
  if (!TakeMark(&saved, MarkOf(*this)) || !TakeRecord(&saved, &count) || count != residual.size()) {
    return TUTTI_ERR_INVALID_ARGUMENT;
  }
  const size_t residual_bytes = residual.size() * sizeof(float);
  const size_t momentum_bytes = momentum.size() * sizeof(float);
  if (saved.size() < residual_bytes + momentum_bytes) return TUTTI_ERR_INVALID_ARGUMENT;
  const std::span<const uint8_t> inner_saved = saved.subspan(residual_bytes + momentum_bytes);
  if (inner_ != nullptr) {
    const tutti_status_t status = inner_->Restore(inner_saved);
    if (status != TUTTI_OK) return status;
  } else if (!inner_saved.empty()) {
    return TUTTI_ERR_INVALID_ARGUMENT;
  }
  if (residual_bytes > 0) std::memcpy(residual.data(), saved.data(), residual_bytes);
  if (momentum_bytes > 0) std::memcpy(momentum.data(), saved.data() + residual_bytes, momentum_bytes);
  return TUTTI_OK;
}

}  // namespace tutti
