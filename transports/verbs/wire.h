// SPDX-License-Identifier: Apache-2.0
// What two verbs endpoints say to each other, as bytes. It knows layouts and what makes one impossible; it never knows
// which messages exist.
#ifndef TUTTI_TRANSPORTS_VERBS_WIRE_H_
#define TUTTI_TRANSPORTS_VERBS_WIRE_H_

#include <bit>
#include <cstddef>
#include <cstdint>

#include "lib/transport/transport.h"

namespace tutti::verbs {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian; this host needs byte swaps here");

enum class FrameKind : uint8_t {
  kEager = 1,     // a whole small message, with its payload
  kAnnounce = 2,  // sender: this message waits here for a GRANT
  kGrant = 3,     // receiver: write so many of its bytes to this memory; without memory: send it in a DATA frame
  kData = 4,      // a whole small message that was granted
  kCredit = 5,    // nothing but returned credit
  kOpen = 6,      // this end's queue pair for the large messages of a channel
  kClose = 7,     // this end has closed the channel, and had received so many granted writes of it
};

// The sender writes `bytes` bytes of its message from `offset` on to `address`, and ends with `immediate`, to which it adds
// kAnnounced if it has sent, or will send, an ANNOUNCE of the message: that travels on another queue pair, and may come
// later than the writes.
struct Grant {
  uint64_t address = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint32_t key = 0;
  uint32_t immediate = 0;
};

struct FrameHeader {
  FrameKind kind = FrameKind::kCredit;
  uint16_t returned_slots = 0;  // the receiver of this frame may send so many more
  uint32_t payload_bytes = 0;  // that follow this header: those of the message, a Grant, an OPEN's or a CLOSE's numbers
  uint32_t credit_bytes = 0;   // eager credit given back to the receiver of this frame
  MessageId id;
  uint64_t signature = 0;      // the sender's; in GRANT the receiver's
  uint64_t message_bytes = 0;  // the whole message; in GRANT what the receive wants
  MessageStamp stamp;          // EAGER, ANNOUNCE, DATA: of the message
};

//  0 kind 1 | version 1 | returned_slots 2 | channel 4 | 8 sequence 8 | 16 index 4 | payload_bytes 4
// 24 signature 8 | 32 message_bytes 8 | 40 credit_bytes 4 | stamp: 44 who 4 | 48 arrival_ns 8 | 56 clock_bound_ns 8 |
// 64 sent_after 4 | 68 zero 4
inline constexpr size_t kFrameHeaderBytes = 72;
inline constexpr size_t kGrantBytes = 32;  // address 8 | offset 8 | bytes 8 | key 4 | immediate 4
inline constexpr size_t kOpenBytes = 8;    // queue pair number 4 | first packet number 4
inline constexpr size_t kCloseBytes = 8;   // granted writes that have been received

// A large write is cut here, so that both ends know how long its last piece is.
inline constexpr uint64_t kWriteBytes = 1 << 20;

void EncodeFrame(const FrameHeader& header, uint8_t* out);
// nullptr if `bytes` bytes are a possible frame, else what is wrong with them; then *header is not to be used.
const char* DecodeFrame(const uint8_t* in, uint64_t bytes, FrameHeader* header);

// The rest of an immediate names the grant.
inline constexpr uint32_t kAnnounced = uint32_t{1} << 31;

void EncodeGrant(const Grant& grant, uint8_t* out);
Grant DecodeGrant(const uint8_t* in);

// What a queue pair needs to know of the one it is joined with.
struct PairAddress {
  uint8_t gid[16] = {};
  uint16_t lid = 0;
  uint8_t mtu = 0;            // as verbs numbers them: 1: 256 bytes ... 5: 4096
  uint32_t number = 0;        // 24 bits
  uint32_t first_packet = 0;  // 24 bits
};

// What each end says of itself before their queue pairs are joined, over the control transport.
struct Hello {
  PairAddress pair;
  uint32_t slots = 0;  // that this end keeps ready for the other
  uint64_t eager_bytes = 0;
  uint64_t unexpected_bytes = 0;
};
inline constexpr size_t kHelloBytes = 64;

// What an end says last, over the control transport: how many granted writes it has received from the other one, on all
// channels together.
inline constexpr size_t kGoodbyeBytes = 8;

void EncodeHello(const Hello& hello, uint8_t* out);
const char* DecodeHello(const uint8_t* in, Hello* hello);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_WIRE_H_
