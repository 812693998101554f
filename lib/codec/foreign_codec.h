// SPDX-License-Identifier: Apache-2.0
// A user's codec (include/tutti/codec.h) as the library's own type. Checks what can be checked of a stranger's code:
// the struct when it comes, lengths at every call.
#ifndef TUTTI_LIB_CODEC_FOREIGN_CODEC_H_
#define TUTTI_LIB_CODEC_FOREIGN_CODEC_H_

#include <memory>

#include "absl/status/statusor.h"
#include "lib/codec/codec.h"

namespace tutti {

// `codec`, which must outlive the result and its states. The error says what is missing or wrong.
absl::StatusOr<std::shared_ptr<const Codec>> WrapCodec(const tutti_codec_t* codec);

}  // namespace tutti

#endif  // TUTTI_LIB_CODEC_FOREIGN_CODEC_H_
