// SPDX-License-Identifier: Apache-2.0
// What the poller's tags mean to the transport: a kind in the upper half, a rank or slot in the lower one.
#ifndef TUTTI_TRANSPORTS_SHM_TAGS_H_
#define TUTTI_TRANSPORTS_SHM_TAGS_H_

#include <cstdint>

namespace tutti::shm {

inline constexpr uint64_t kTagKindMask = 0xffffffff00000000u;
inline constexpr uint64_t kListenerTag = uint64_t{1} << 32;
inline constexpr uint64_t kHalfOpenTag = uint64_t{2} << 32;  // + slot
inline constexpr uint64_t kDialTag = uint64_t{3} << 32;      // + rank
inline constexpr uint64_t kSocketTag = uint64_t{4} << 32;    // + rank
inline constexpr uint64_t kDoorbellTag = uint64_t{5} << 32;

}  // namespace tutti::shm

#endif  // TUTTI_TRANSPORTS_SHM_TAGS_H_
