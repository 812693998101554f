// SPDX-License-Identifier: Apache-2.0
// What a message says about time, beside its payload: the latest arrival that it depends on. An arrival is the moment in
// which a rank enters an operation. Since every message hands on the latest arrival that its sender knows of, all ranks know
// at the end who came last, and when, without a message of its own.
//
// Times are those of the sender's host (CLOCK_MONOTONIC_RAW, see lib/base/raw_clock.h): exact for all ranks of that host.
// Between hosts the receiver turns them into its own; how well it can is part of what it hands on.
#ifndef TUTTI_LIB_TRANSPORT_MESSAGE_STAMP_H_
#define TUTTI_LIB_TRANSPORT_MESSAGE_STAMP_H_

#include <algorithm>
#include <bit>
#include <cstdint>

namespace tutti {

struct MessageStamp {
  static constexpr uint32_t kNobody = (uint32_t{1} << 24) - 1;
  static constexpr uint32_t kUnknown = ~uint32_t{0};
  static constexpr int64_t kNoBound = INT64_MAX;

  int64_t arrival_ns = 0;
  uint32_t who = kNobody;  // the rank that arrived then, in the communicator: 24 bits; above them the error's code
  uint32_t sent_after = kUnknown;  // the message was posted that much later than arrival_ns, in units of 16 ns

  // Between hosts only (transports of one host need not carry it): the most by which the sender's clock can be ahead of the
  // receiver's or, if its lowest bit is set, of rank 0's; as far as the sender knows. kNoBound: it knows nothing.
  int64_t clock_bound = kNoBound;

  bool names_a_rank() const { return rank() != kNobody; }
  uint32_t rank() const { return who & kNobody; }

  // The arrival is known to within so much. At most 12 % too high, never too low; what is unknown is INT64_MAX.
  int64_t error_ns() const { return DecodeError(who >> 24); }
  void SetArrival(uint32_t rank, int64_t ns, int64_t error_ns) {
    arrival_ns = ns;
    who = (rank & kNobody) | EncodeError(error_ns) << 24;
  }

  // When it was posted; kNoBound if that is not known.
  int64_t sent_ns() const {
    int64_t sent = 0;
    if (sent_after == kUnknown || __builtin_add_overflow(arrival_ns, int64_t{sent_after} * kUnitNs, &sent))
      return kNoBound;
    return sent;
  }
  void SetSent(int64_t ns) {
    int64_t after = 0;
    const bool far = __builtin_sub_overflow(ns, arrival_ns, &after) || after < 0 || after / kUnitNs >= kUnknown;
    sent_after = far ? kUnknown : static_cast<uint32_t>(after / kUnitNs);
  }

  void SetClockBound(int64_t ns, bool is_of_rank_0) {
    clock_bound = ns > kMaxBoundNs || ns < -kMaxBoundNs ? kNoBound : ns * 2 + (is_of_rank_0 ? 1 : 0);
  }
  int64_t clock_bound_ns() const { return clock_bound == kNoBound ? kNoBound : clock_bound >> 1; }
  bool clock_bound_is_of_rank_0() const { return (clock_bound & 1) != 0; }

  friend bool operator==(const MessageStamp&, const MessageStamp&) = default;

 private:
  static constexpr int64_t kUnitNs = 16;
  static constexpr int64_t kMaxBoundNs = INT64_MAX / 4;
  static constexpr int64_t kMaxErrorNs = int64_t{1} << 34;  // 17 s; with more, nothing useful is known

  // A small float: three bits of mantissa, five of exponent, rounded up. 0 is exact, 255 unknown.
  static uint32_t EncodeError(int64_t error_ns) {
    if (error_ns <= 0) return 0;
    if (error_ns >= kMaxErrorNs) return 255;
    const auto e = static_cast<uint64_t>(error_ns);
    if (e < 8) return static_cast<uint32_t>(e);
    const int shift = 60 - std::countl_zero(e);  // leaves four bits, the first of them set
    const uint64_t rounded = (e >> shift) + ((e & ((uint64_t{1} << shift) - 1)) != 0 ? 1 : 0);
    return std::min<uint32_t>(static_cast<uint32_t>(static_cast<uint64_t>(shift) * 8 + rounded), 254);
  }
  static int64_t DecodeError(uint32_t code) {
    if (code == 255) return INT64_MAX;
    if (code < 16) return code;
    const uint32_t shift = code / 8 - 1;
    return static_cast<int64_t>(8 + code % 8) << shift;
  }
};

}  // namespace tutti

#endif  // TUTTI_LIB_TRANSPORT_MESSAGE_STAMP_H_
