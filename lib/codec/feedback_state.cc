// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/feedback_state.h"

#include <cstring>

#include "lib/codec/byte_records.h"

namespace tutti {
namespace {

struct SavedHeader {
  char mark[4] = {'T', 'E', 'F', '1'};
  uint32_t flags = 0;
  uint64_t count = 0;
};
static_assert(sizeof(SavedHeader) == 16);

}  // namespace

size_t FeedbackState::LeastSavedBytes(size_t count, bool has_momentum) {
  const size_t element_bytes = sizeof(float) * (has_momentum ? 2 : 1);
  if (count > (SIZE_MAX - sizeof(SavedHeader)) / element_bytes) return SIZE_MAX;
  return sizeof(SavedHeader) + count * element_bytes;
}

std::vector<uint8_t> FeedbackState::Save() const {
  SavedHeader header;
  header.flags = momentum.empty() ? 0 : 1;
  header.count = residual.size();
  std::vector<uint8_t> saved;
  AppendRecord(&saved, header);
  AppendBytes(&saved, residual.data(), residual.size() * sizeof(float));
  AppendBytes(&saved, momentum.data(), momentum.size() * sizeof(float));
  if (inner_ != nullptr) {
    const std::vector<uint8_t> inner_saved = inner_->Save();
    AppendBytes(&saved, inner_saved.data(), inner_saved.size());
  }
  return saved;
}

tutti_status_t FeedbackState::Restore(std::span<const uint8_t> saved) {
  SavedHeader wanted, header;
  wanted.flags = momentum.empty() ? 0 : 1;
  wanted.count = residual.size();
  const size_t residual_bytes = residual.size() * sizeof(float);
  const size_t momentum_bytes = momentum.size() * sizeof(float);
  if (saved.size() < sizeof(header) + residual_bytes + momentum_bytes) return TUTTI_ERR_INVALID_ARGUMENT;
  std::memcpy(&header, saved.data(), sizeof(header));
  if (std::memcmp(&header, &wanted, sizeof(header)) != 0) return TUTTI_ERR_INVALID_ARGUMENT;
  saved = saved.subspan(sizeof(header));
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
