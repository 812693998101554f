// SPDX-License-Identifier: Apache-2.0
// How an Exchange marks its buffers and its requests.
#ifndef TUTTI_TESTS_CONFORMANCE_WATCHED_BUFFERS_H_
#define TUTTI_TESTS_CONFORMANCE_WATCHED_BUFFERS_H_

#include <cstddef>
#include <cstdint>

#include "pattern.h"

namespace tutti::conformance {

inline constexpr std::byte kUntouched{0xa5};  // a receive's buffer before its bytes come, and the guards around it
inline constexpr std::byte kReused{0x3c};     // a send's buffer once the send is done
inline constexpr std::byte kGivenUp{0x5a};    // a buffer whose request was dropped

// Before and behind each receive's buffer.
inline constexpr size_t kGuardBytes = 64;

// Far from 0, which is kPeerFailed's.
inline constexpr uint64_t kContextBase = 0x7e57000000000000u;

constexpr uint64_t ContextOf(size_t message, bool is_recv) {
  return kContextBase | (static_cast<uint64_t>(message) << 1) | (is_recv ? 1 : 0);
}

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_WATCHED_BUFFERS_H_
