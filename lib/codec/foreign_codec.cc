// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/foreign_codec.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

class ForeignState final : public CodecState {
 public:
  ForeignState(const tutti_codec_t* codec, void* state) : codec_(codec), state_(state) {}
  ~ForeignState() override { codec_->destroy_state(codec_->context, state_); }
  ForeignState(const ForeignState&) = delete;
  ForeignState& operator=(const ForeignState&) = delete;

  void* state() const { return state_; }

  std::vector<uint8_t> Save() const override {
    std::vector<uint8_t> saved;
    if (codec_->save_state == nullptr) return saved;
    size_t bytes = 0;
    // Twice: first for the size. A codec that then says another one has no state to save.
    if (codec_->save_state(codec_->context, state_, nullptr, 0, &bytes) != TUTTI_OK) return saved;
    saved.resize(bytes);
    if (codec_->save_state(codec_->context, state_, saved.data(), saved.size(), &bytes) != TUTTI_OK ||
        bytes != saved.size()) {
      saved.clear();
    }
    return saved;
  }

  tutti_status_t Restore(std::span<const uint8_t> saved) override {
    if (codec_->restore_state == nullptr) return saved.empty() ? TUTTI_OK : TUTTI_ERR_INVALID_ARGUMENT;
    return codec_->restore_state(codec_->context, state_, saved.data(), saved.size());
  }

 private:
  const tutti_codec_t* codec_;
  void* state_;
};

class ForeignCodec final : public Codec {
 public:
  ForeignCodec(CodecIdentity identity, const tutti_codec_t* codec) : identity_(std::move(identity)), codec_(codec) {}

  const CodecIdentity& identity() const override { return identity_; }

  bool Supports(DataType dtype) const override {
    size_t bytes = 0;
    return codec_->max_encoded_bytes(codec_->context, ToC(dtype), 1, &bytes) == TUTTI_OK;
  }

  ErrorBound error_bound() const override {
    ErrorBound unknown;
    unknown.limit = 0;
    return unknown;
  }

  size_t MaxEncodedBytes(DataType dtype, size_t count) const override {
    size_t bytes = 0;
    return codec_->max_encoded_bytes(codec_->context, ToC(dtype), count, &bytes) == TUTTI_OK ? bytes : 0;
  }

  tutti_status_t Encode(const Slice& slice, CodecState* state, const void* values, std::span<uint8_t> encoded,
                        size_t* encoded_bytes) const override {
    void* const its_state = state == nullptr ? nullptr : static_cast<ForeignState*>(state)->state();
    size_t bytes = 0;
    const tutti_status_t status =
        codec_->encode(codec_->context, its_state, &slice, values, encoded.data(), encoded.size(), &bytes);
    if (status != TUTTI_OK) return status;
    if (bytes > encoded.size()) return TUTTI_ERR_INTERNAL;
    *encoded_bytes = bytes;
    return TUTTI_OK;
  }

  tutti_status_t Decode(const Slice& slice, std::span<const uint8_t> encoded, void* values) const override {
    return codec_->decode(codec_->context, &slice, encoded.data(), encoded.size(), values);
  }

  tutti_status_t DecodeReduce(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                              void* accumulator) const override {
    return codec_->decode_reduce(codec_->context, &slice, ToC(op), encoded.data(), encoded.size(), accumulator);
  }

  bool CanReduceEncoded(DataType dtype, ReduceOp) const override {
    return codec_->reduce_encoded != nullptr && Supports(dtype);
  }

  tutti_status_t ReduceEncoded(const Slice& slice, ReduceOp op, std::span<const uint8_t> encoded,
                               std::span<uint8_t> accumulator, size_t* accumulator_bytes) const override {
    if (codec_->reduce_encoded == nullptr) return TUTTI_ERR_UNSUPPORTED;
    const tutti_status_t status =
        codec_->reduce_encoded(codec_->context, &slice, ToC(op), encoded.data(), encoded.size(), accumulator.data(),
                               accumulator.size(), accumulator_bytes);
    return status == TUTTI_OK && *accumulator_bytes > accumulator.size() ? TUTTI_ERR_INTERNAL : status;
  }

  tutti_status_t CreateState(uint64_t tensor, DataType dtype, size_t count,
                             std::unique_ptr<CodecState>* state) const override {
    state->reset();
    if (codec_->create_state == nullptr) return TUTTI_OK;
    void* created = nullptr;
    const tutti_status_t status = codec_->create_state(codec_->context, tensor, ToC(dtype), count, &created);
    if (status == TUTTI_OK) *state = std::make_unique<ForeignState>(codec_, created);
    return status;
  }

 private:
  static tutti_dtype_t ToC(DataType dtype) { return static_cast<tutti_dtype_t>(dtype); }
  static tutti_op_t ToC(ReduceOp op) { return static_cast<tutti_op_t>(op); }

  CodecIdentity identity_;
  const tutti_codec_t* codec_;
};

bool IsName(const char* text) {
  if (text == nullptr || *text == '\0') return false;
  for (; *text != '\0'; ++text) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(*text)) && *text != '_') return false;
  }
  return true;
}

absl::Status Bad(const std::string& what) { return absl::InvalidArgumentError(absl::StrCat("tutti_codec_t: ", what)); }

}  // namespace

absl::StatusOr<std::shared_ptr<const Codec>> WrapCodec(const tutti_codec_t* codec) {
  if (codec == nullptr) return Bad("NULL instead of a codec");
  if (codec->struct_size < sizeof(tutti_codec_t)) {
    return Bad(absl::StrCat("struct_size is ", codec->struct_size, " instead of ", sizeof(tutti_codec_t),
                            "; initialise with TUTTI_CODEC_INIT"));
  }
  if (!IsName(codec->name)) return Bad("name must be letters, digits and underscores");
  CodecIdentity identity;
  identity.name = codec->name;
  identity.version = codec->version;
  if (codec->num_parameters > 0 && codec->parameters == nullptr) return Bad("num_parameters without parameters");
  for (size_t i = 0; i < codec->num_parameters; ++i) {
    const tutti_codec_parameter_t& parameter = codec->parameters[i];
    if (!IsName(parameter.key)) return Bad("a parameter's key must be letters, digits and underscores");
    if (parameter.value == nullptr) return Bad(absl::StrCat("parameter ", parameter.key, " has no value"));
    if (!identity.parameters.emplace(parameter.key, parameter.value).second) {
      return Bad(absl::StrCat("parameter ", parameter.key, " is there twice"));
    }
  }
  if (codec->max_encoded_bytes == nullptr || codec->encode == nullptr || codec->decode == nullptr ||
      codec->decode_reduce == nullptr) {
    return Bad("max_encoded_bytes, encode, decode and decode_reduce must be there");
  }
  if ((codec->create_state == nullptr) != (codec->destroy_state == nullptr)) {
    return Bad("create_state and destroy_state: both or neither");
  }
  if ((codec->save_state == nullptr) != (codec->restore_state == nullptr) ||
      (codec->save_state != nullptr && codec->create_state == nullptr)) {
    return Bad("save_state and restore_state: both or neither, and only with create_state");
  }
  return std::make_shared<ForeignCodec>(std::move(identity), codec);
}

}  // namespace tutti
