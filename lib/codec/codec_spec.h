// SPDX-License-Identifier: Apache-2.0
// What a user writes to name a codec: "int8:block=256,rounding=stochastic", with decorators after plus signs:
// "topk:ratio=0.01+error_feedback". This file knows the grammar, not the codecs.
#ifndef TUTTI_LIB_CODEC_CODEC_SPEC_H_
#define TUTTI_LIB_CODEC_CODEC_SPEC_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tutti {

struct CodecSpec {
  std::string name;
  std::map<std::string, std::string> parameters;
};

// Each decorator calls the one inside it: more would only eat up the stack.
inline constexpr size_t kMaxDecorators = 8;

// The codec, then its decorators from the inside out, kMaxDecorators at most. Names and keys are letters, digits and
// underscores; values are anything but commas and plus signs. A key may be given once.
absl::StatusOr<std::vector<CodecSpec>> ParseCodecSpec(std::string_view text);

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_CODEC_SPEC_H_
