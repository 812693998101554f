// SPDX-License-Identifier: Apache-2.0
// The built-in codecs and decorators by name.
#ifndef TUTTI_LIB_CODEC_REGISTRY_H_
#define TUTTI_LIB_CODEC_REGISTRY_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/codec/codec.h"
#include "lib/codec/kernels.h"

namespace tutti {

struct CodecParameterInfo {
  const char* key;
  const char* default_value;
  const char* meaning;  // with the range
};

struct CodecInfo {
  const char* name;
  const char* summary;
  bool is_decorator;
  std::vector<CodecParameterInfo> parameters;
};

// All built-in codecs and decorators, for documentation and error messages.
const std::vector<CodecInfo>& BuiltInCodecs();

// Makes the codec that `spec` (codec_spec.h) describes; its name may be a registered one (registered.h). The identity of the result has all parameters, also those that
// spec leaves out. The error says what is wrong and what would be right.
absl::StatusOr<std::shared_ptr<const Codec>> MakeCodec(std::string_view spec,
                                                       const CodecKernels& kernels = BestCodecKernels());

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_REGISTRY_H_
