// SPDX-License-Identifier: Apache-2.0
// How many work requests a queue pair takes at once.
#ifndef TUTTI_TRANSPORTS_VERBS_LINK_DEPTHS_H_
#define TUTTI_TRANSPORTS_VERBS_LINK_DEPTHS_H_

#include <cstdint>

namespace tutti::verbs {

inline constexpr uint32_t kFrameDepth = 64;  // frames; the peer's slots bound them, too
inline constexpr uint32_t kBulkDepth = 32;   // writes of at most kWriteBytes

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_LINK_DEPTHS_H_
