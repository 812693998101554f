// SPDX-License-Identifier: Apache-2.0
// How an Exchange marks its buffers and its requests.
#ifndef TUTTI_TESTS_CONFORMANCE_WATCHED_BUFFERS_H_
#define TUTTI_TESTS_CONFORMANCE_WATCHED_BUFFERS_H_

#include <cstddef>
#include <cstdint>

#include "lib/transport/message_stamp.h"
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

// Each message's own, with all bits of all fields in use.
inline MessageStamp StampOf(uint64_t seed) {
  const uint64_t mix = seed * 0x9e3779b97f4a7c15u;
  MessageStamp stamp;
  stamp.arrival_ns = static_cast<int64_t>(mix);
  stamp.who = static_cast<uint32_t>(mix >> 7);
  stamp.sent_after = static_cast<uint32_t>(mix >> 17);
  stamp.clock_bound = static_cast<int64_t>(~mix * 3);
  return stamp;
}

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_WATCHED_BUFFERS_H_
