// SPDX-License-Identifier: Apache-2.0
#include "lib/codec/registry.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "lib/codec/codec_spec.h"
#include "lib/codec/error_feedback.h"
#include "lib/codec/half_codec.h"
#include "lib/codec/lossless_codec.h"
#include "lib/codec/parameter_reader.h"
#include "lib/codec/registered.h"
#include "lib/codec/scaled_codecs.h"
#include "lib/codec/sparse_codec.h"

namespace tutti {
namespace {

using CodecOr = absl::StatusOr<std::shared_ptr<const Codec>>;

constexpr CodecParameterInfo kSmallBlock = {"block", "256", "values with one scale; a power of two, 64 to 65536"};
constexpr CodecParameterInfo kLargeBlock = {"block", "1024", "values with one scale; a power of two, 64 to 65536"};
constexpr CodecParameterInfo kRounding = {"rounding", "nearest", "nearest or stochastic"};
constexpr CodecParameterInfo kSeed = {"seed", "0", "of stochastic rounding; 0 to 2^64 - 1"};

const CodecInfo* FindInfo(std::string_view name) {
  for (const CodecInfo& info : BuiltInCodecs()) {
    if (name == info.name) return &info;
  }
  return nullptr;
}

std::string Names(bool decorators) {
  std::string names;
  for (const CodecInfo& info : BuiltInCodecs()) {
    if (info.is_decorator == decorators) absl::StrAppend(&names, names.empty() ? "" : ", ", info.name);
  }
  if (decorators) return names;
  for (const std::string& name : RegisteredCodecNames()) absl::StrAppend(&names, ", ", name);
  return names;
}

// The spec with defaults filled in; an error if it has a key that the codec does not know.
absl::StatusOr<CodecIdentity> Completed(const CodecSpec& spec, bool is_decorator) {
  const CodecInfo* info = FindInfo(spec.name);
  if (info == nullptr || info->is_decorator != is_decorator) {
    return absl::InvalidArgumentError(absl::StrCat("\"", spec.name, "\" is no ", is_decorator ? "decorator" : "codec",
                                                   "; there are ", Names(is_decorator)));
  }
  CodecIdentity identity;
  identity.name = spec.name;
  for (const CodecParameterInfo& parameter : info->parameters) {
    identity.parameters[parameter.key] = parameter.default_value;
  }
  for (const auto& [key, value] : spec.parameters) {
    const auto known = identity.parameters.find(key);
    if (known == identity.parameters.end()) {
      std::string keys;
      for (const auto& parameter : info->parameters) absl::StrAppend(&keys, keys.empty() ? "" : ", ", parameter.key);
      return absl::InvalidArgumentError(
          absl::StrCat("codec ", spec.name, " has no parameter \"", key, "\"; it has ", keys.empty() ? "none" : keys));
    }
    known->second = value;
  }
  return identity;
}

CodecOr MakeInner(const CodecSpec& spec, const CodecKernels& kernels) {
  if (std::shared_ptr<const Codec> registered = FindRegisteredCodec(spec.name)) {
    if (spec.parameters.empty()) return registered;
    return absl::InvalidArgumentError(
        absl::StrCat("codec ", spec.name, " was registered with its parameters; none can be given here"));
  }
  absl::StatusOr<CodecIdentity> identity = Completed(spec, false);
  if (!identity.ok()) return identity.status();
  ParameterReader read(&*identity);
  const std::string& name = spec.name;
  std::shared_ptr<const Codec> codec;
  if (name == "bf16" || name == "f16") {
    const CodecFormat format = name == "bf16" ? CodecFormat::kBf16 : CodecFormat::kF16;
    codec = std::make_shared<HalfCodec>(*identity, format, kernels);
  } else if (name == "int8" || name == "int4") {
    const CodecFormat format = name == "int8" ? CodecFormat::kInt8 : CodecFormat::kInt4;
    const int block = read.Log2("block", BlockCodec::kMinLog2Block, BlockCodec::kMaxLog2Block);
    const bool stochastic = read.Choice("rounding", "nearest", "stochastic");
    const uint64_t seed = read.Number("seed");
    codec = std::make_shared<IntegerCodec>(*identity, format, block, stochastic, seed, kernels);
  } else if (name == "fp8_e4m3" || name == "fp8_e5m2") {
    const CodecFormat format = name == "fp8_e4m3" ? CodecFormat::kE4m3 : CodecFormat::kE5m2;
    const int block = read.Log2("block", BlockCodec::kMinLog2Block, BlockCodec::kMaxLog2Block);
    codec = std::make_shared<SmallFloatCodec>(*identity, format, block, kernels);
  } else if (name == "sign") {
    const int block = read.Log2("block", BlockCodec::kMinLog2Block, BlockCodec::kMaxLog2Block);
    codec = std::make_shared<SignCodec>(*identity, block, kernels);
  } else if (name == "topk") {
    codec = std::make_shared<TopKCodec>(*identity, read.Real("ratio", 0, 1), kernels);
  } else if (name == "threshold") {
    codec = std::make_shared<ThresholdCodec>(*identity, static_cast<float>(read.Real("value", 1e-38, 1e38)), kernels);
  } else {
    codec = std::make_shared<LosslessCodec>(*identity, kernels);
  }
  if (!read.status().ok()) return read.status();
  return codec;
}

CodecOr Decorate(const CodecSpec& spec, std::shared_ptr<const Codec> inner) {
  absl::StatusOr<CodecIdentity> identity = Completed(spec, true);
  if (!identity.ok()) return identity.status();
  ParameterReader read(&*identity);
  if (spec.name == "error_feedback") {
    const double keep = read.Real("keep", 0, 1);
    if (!read.status().ok()) return read.status();
    return MakeErrorFeedback(std::move(inner), static_cast<float>(keep), identity->parameters);
  }
  const double factor = read.Real("factor", 0, 1);
  const bool masking = read.Choice("masking", "off", "on");
  if (!read.status().ok()) return read.status();
  return MakeMomentumCorrection(std::move(inner), static_cast<float>(factor), masking, identity->parameters);
}

}  // namespace

const std::vector<CodecInfo>& BuiltInCodecs() {
  static const auto& codecs = *new std::vector<CodecInfo>{
      {"bf16", "upper half of each float", false, {}},
      {"f16", "IEEE 754 half precision", false, {}},
      {"int8", "multiples of a step, -127 to 127", false, {kSmallBlock, kRounding, kSeed}},
      {"int4", "multiples of a step, -7 to 7", false, {kSmallBlock, kRounding, kSeed}},
      {"fp8_e4m3", "8-bit floats with 3 bits of fraction", false, {kSmallBlock}},
      {"fp8_e5m2", "8-bit floats with 2 bits of fraction", false, {kSmallBlock}},
      {"sign", "signs and a mean magnitude", false, {kLargeBlock}},
      {"topk",
       "the largest magnitudes",
       false,
       {{"ratio", "0.01", "part of each slice that travels; above 0, up to 1"}}},
      {"threshold",
       "magnitudes from `value` on",
       false,
       {{"value", "0.001", "least magnitude that travels; above 1e-38"}}},
      {"lossless", "every bit, exponents packed", false, {}},
      {"error_feedback",
       "adds what was lost to the next step",
       true,
       {{"keep", "1", "part of it that is added; above 0, up to 1"}}},
      {"momentum",
       "error feedback on locally accumulated momentum",
       true,
       {{"factor", "0.9", "of the momentum; above 0, up to 1"},
        {"masking", "on", "on: momentum ends where values have travelled, for sparse codecs; off"}}},
  };
  return codecs;
}

CodecOr MakeCodec(std::string_view text, const CodecKernels& kernels) {
  const absl::StatusOr<std::vector<CodecSpec>> specs = ParseCodecSpec(text);
  if (!specs.ok()) return specs.status();
  CodecOr codec = MakeInner(specs->front(), kernels);
  for (size_t i = 1; codec.ok() && i < specs->size(); ++i) codec = Decorate((*specs)[i], *std::move(codec));
  return codec;
}

}  // namespace tutti
