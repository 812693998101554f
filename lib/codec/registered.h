// SPDX-License-Identifier: Apache-2.0
// The codecs that this process has registered beside the built-in ones, by name. Any thread. They stay to its end.
#ifndef TUTTI_LIB_CODEC_REGISTERED_H_
#define TUTTI_LIB_CODEC_REGISTERED_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "lib/codec/codec.h"

namespace tutti {

// AlreadyExists if a codec or decorator of that name is there.
absl::Status RegisterCodec(std::shared_ptr<const Codec> codec);

// nullptr if there is none.
std::shared_ptr<const Codec> FindRegisteredCodec(std::string_view name);

// In alphabetical order.
std::vector<std::string> RegisteredCodecNames();

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_REGISTERED_H_
