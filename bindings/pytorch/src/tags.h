// SPDX-License-Identifier: Apache-2.0
// Who uses which tags of messages.
#ifndef TUTTI_BINDINGS_PYTORCH_SRC_TAGS_H_
#define TUTTI_BINDINGS_PYTORCH_SRC_TAGS_H_

#include <cstdint>

namespace tutti_torch {

// Below: users, in send and recv.
inline constexpr int32_t kFirstReservedTag = int32_t{1} << 30;
inline constexpr int32_t kAllToAllTag = kFirstReservedTag;

// Sparse reductions in turn, so that several that run at once do not take each other's messages.
inline constexpr int32_t kFirstSparseTag = kFirstReservedTag + 1;
inline constexpr uint64_t kNumSparseTags = 1024;

}  // namespace tutti_torch

#endif  // TUTTI_BINDINGS_PYTORCH_SRC_TAGS_H_
