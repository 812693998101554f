// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/error_feedback.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/codec/feedback_state.h"
#include "lib/reduce/reduce.h"

namespace tutti {
namespace {

// Error feedback is momentum correction with a factor of 0: then u is x.
class FeedbackCodec final : public Codec {
 public:
  FeedbackCodec(CodecIdentity identity, std::shared_ptr<const Codec> inner, float keep, float factor, bool masking)
      : identity_(std::move(identity)), inner_(std::move(inner)), keep_(keep), factor_(factor), masking_(masking) {}

  const CodecIdentity& identity() const override { return identity_; }
  bool Supports(DataType dtype) const override { return dtype == DataType::kFloat32 && inner_->Supports(dtype); }
  // What is remembered of one step is added in the next.
  bool SupportsOp(ReduceOp op) const override { return op == ReduceOp::kSum || op == ReduceOp::kAvg; }
  ErrorBound error_bound() const override { return inner_->error_bound(); }
  bool is_very_sparse() const override { return inner_->is_very_sparse(); }
  std::shared_ptr<const Codec> ForResults() const override {
    std::shared_ptr<const Codec> of_inner = inner_->ForResults();
    if (of_inner != nullptr) return of_inner;
    return factor_ == 0 ? nullptr : MakeErrorFeedback(inner_);
  }
  size_t MaxEncodedBytes(DataType dtype, size_t count) const override {
    return Supports(dtype) ? inner_->MaxEncodedBytes(dtype, count) : 0;
  }

  tutti_status_t Encode(const Slice& slice, CodecState* state, const void* values, std::span<uint8_t> encoded,
                        size_t* encoded_bytes) const override;

  tutti_status_t Decode(const Slice& slice, std::span<const uint8_t> encoded, void* values) const override {
    return inner_->Decode(slice, encoded, values);
  }
  tutti_status_t DecodeReduce(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                              void* accumulator) const override {
    return inner_->DecodeReduce(slice, op, encoded, accumulator);
  }
  bool CanReduceEncoded(DataType dtype, ReduceOp op) const override { return inner_->CanReduceEncoded(dtype, op); }
  tutti_status_t ReduceEncoded(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                               std::span<uint8_t> accumulator, size_t* accumulator_bytes) const override {
    return inner_->ReduceEncoded(slice, op, encoded, accumulator, accumulator_bytes);
  }

  tutti_status_t CreateState(uint64_t tensor, DataType dtype, size_t count,
                             std::unique_ptr<CodecState>* state) const override;
  size_t LeastSavedBytes(DataType, size_t count) const override {
    return FeedbackState::LeastSavedBytes(count, factor_ != 0);
  }

 private:
  float Accumulated(float momentum, float value) const { return factor_ * momentum + value; }
  void Settle(FeedbackState& memory, const Slice& slice, const uint8_t* values) const;

  CodecIdentity identity_;
  std::shared_ptr<const Codec> inner_;
  float keep_;
  float factor_;
  bool masking_;
};

float ValueAt(const uint8_t* values, size_t i) {
  float value;
  std::memcpy(&value, values + i * sizeof(value), sizeof(value));
  return value;
}

// By its bits, so that compilers make vectors of it.
float ZeroUnlessFinite(float value) {
  constexpr uint32_t kExponent = 0x7f800000;
  const auto bits = std::bit_cast<uint32_t>(value);
  return std::bit_cast<float>((bits & kExponent) == kExponent ? 0 : bits);
}

tutti_status_t FeedbackCodec::CreateState(uint64_t tensor, DataType dtype, size_t count,
                                          std::unique_ptr<CodecState>* state) const {
  state->reset();
  if (!Supports(dtype)) return TUTTI_ERR_UNSUPPORTED;
  std::unique_ptr<CodecState> inner;
  const tutti_status_t status = inner_->CreateState(tensor, dtype, count, &inner);
  if (status != TUTTI_OK) return status;
  try {
    *state = std::make_unique<FeedbackState>(count, factor_ != 0, std::move(inner));
  } catch (const std::exception&) {  // more elements than can be had, or than a vector can count
    return TUTTI_ERR_OUT_OF_MEMORY;
  }
  return TUTTI_OK;
}

tutti_status_t FeedbackCodec::Encode(const Slice& slice, CodecState* state, const void* values,
                                     std::span<uint8_t> encoded, size_t* encoded_bytes) const {
  if (!Supports(DataTypeOf(slice))) return TUTTI_ERR_UNSUPPORTED;
  if (state == nullptr) return TUTTI_ERR_INVALID_ARGUMENT;
  auto& memory = *static_cast<FeedbackState*>(state);
  const size_t elements = memory.residual.size();
  if (slice.offset > elements || slice.count > elements - slice.offset) return TUTTI_ERR_INVALID_ARGUMENT;

  if (memory.scratch.size() < slice.count) {
    try {
      memory.scratch.resize(slice.count);
    } catch (const std::bad_alloc&) {
      return TUTTI_ERR_OUT_OF_MEMORY;
    }
  }
  const auto* from = static_cast<const uint8_t*>(values);
  const float* residual = memory.residual.data() + slice.offset;
  float* sum = memory.scratch.data();
  if (factor_ == 0 && keep_ != 1) {
    for (size_t i = 0; i < slice.count; ++i) sum[i] = keep_ * residual[i] + ValueAt(from, i);
  } else if (factor_ == 0) {
    KernelsFor(DataType::kFloat32, ReduceOp::kSum).reduce(sum, residual, from, slice.count);
  } else {
    const float* momentum = memory.momentum.data() + slice.offset;
    for (size_t i = 0; i < slice.count; ++i) sum[i] = residual[i] + Accumulated(momentum[i], ValueAt(from, i));
  }

  tutti_status_t status = inner_->Encode(slice, memory.inner(), sum, encoded, encoded_bytes);
  if (status != TUTTI_OK) return status;
  // The decoded values take the residual's place, and are there turned into the new one.
  status = inner_->Decode(slice, encoded.first(*encoded_bytes), memory.residual.data() + slice.offset);
  if (status != TUTTI_OK) {  // a codec that cannot read what it wrote: nothing sensible is left to remember
    std::fill_n(memory.residual.begin() + static_cast<std::ptrdiff_t>(slice.offset), slice.count, 0.0f);
    return TUTTI_ERR_INTERNAL;
  }
  Settle(memory, slice, from);
  return TUTTI_OK;
}

void FeedbackCodec::Settle(FeedbackState& memory, const Slice& slice, const uint8_t* values) const {
  float* residual = memory.residual.data() + slice.offset;
  const float* sum = memory.scratch.data();
  if (factor_ != 0) {
    float* momentum = memory.momentum.data() + slice.offset;
    for (size_t i = 0; i < slice.count; ++i) {
      const float next = Accumulated(momentum[i], ValueAt(values, i));
      const bool ends = !std::isfinite(next) || (masking_ && residual[i] != 0);
      momentum[i] = ends ? 0 : next;
    }
  }
  for (size_t i = 0; i < slice.count; ++i) residual[i] = ZeroUnlessFinite(sum[i] - residual[i]);
}

// Of the same decorator twice, each has parameters of its own.
CodecIdentity Decorated(CodecIdentity identity, const char* name,
                        const std::map<std::string, std::string>& parameters) {
  absl::StrAppend(&identity.name, "+", name);
  for (const auto& [key, value] : parameters) {
    std::string full = absl::StrCat(name, "_", key);
    while (!identity.parameters.emplace(full, value).second) full += "_again";
  }
  return identity;
}

}  // namespace

std::shared_ptr<const Codec> MakeErrorFeedback(std::shared_ptr<const Codec> inner, float keep,
                                               const std::map<std::string, std::string>& parameters) {
  CodecIdentity identity = Decorated(inner->identity(), "error_feedback", parameters);
  return std::make_shared<FeedbackCodec>(std::move(identity), std::move(inner), keep, 0.0f, false);
}

std::shared_ptr<const Codec> MakeMomentumCorrection(std::shared_ptr<const Codec> inner, float factor, bool masking,
                                                    const std::map<std::string, std::string>& parameters) {
  CodecIdentity identity = Decorated(inner->identity(), "momentum", parameters);
  return std::make_shared<FeedbackCodec>(std::move(identity), std::move(inner), 1.0f, factor, masking);
}

}  // namespace tutti
