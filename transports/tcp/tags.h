// SPDX-License-Identifier: Apache-2.0
// What the poller's tags mean to the transport: a kind in the upper half, a rank or slot in the lower one.
#ifndef TUTTI_TRANSPORTS_TCP_TAGS_H_
#define TUTTI_TRANSPORTS_TCP_TAGS_H_

#include <cstdint>

namespace tutti::tcp {

inline constexpr uint64_t kTagKindMask = 0xffffffff00000000u;
inline constexpr uint64_t kListenerTag = uint64_t{1} << 32;
inline constexpr uint64_t kHalfOpenTag = uint64_t{2} << 32;  // + slot
inline constexpr uint64_t kDialTag = uint64_t{3} << 32;      // + rank
inline constexpr uint64_t kLinkTag = uint64_t{4} << 32;      // + rank

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_TAGS_H_
