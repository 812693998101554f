// SPDX-License-Identifier: Apache-2.0
// The frames of an established connection, as bytes. It knows their layout and what makes one impossible; it never
// knows which messages exist or who sent it.
#ifndef TUTTI_TRANSPORTS_TCP_WIRE_H_
#define TUTTI_TRANSPORTS_TCP_WIRE_H_

#include <cstddef>
#include <cstdint>

#include "lib/base/wire.h"
#include "lib/transport/transport.h"

namespace tutti::tcp {

enum class FrameKind : uint8_t {
  kEager = 1,     // a whole small message, with its payload
  kAnnounce = 2,  // sender: this message waits here for a READY
  kReady = 3,     // receiver: the receive is posted, send the message
  kData = 4,      // a segment of a message that was asked for by READY
  kCredit = 5,    // nothing but returned credit
};

struct FrameHeader {
  FrameKind kind = FrameKind::kCredit;
  uint32_t payload_bytes = 0;  // that follow this header
  uint32_t credit_bytes = 0;   // eager credit given back to the receiver of this frame
  MessageId id;
  uint64_t signature = 0;
  uint64_t message_bytes = 0;  // the whole message
  MessageStamp stamp;          // kEager, kData: of the message
};

//  0 kind 1 | version 1 | mark 2 | channel 4 |  8 sequence 8 | 16 index 4 | payload_bytes 4
// 24 signature 8 | 32 message_bytes 8 | 40 credit_bytes 4 | stamp: 44 who 4 | 48 arrival_ns 8 | 56 clock_bound 8 |
// 64 sent_after 4 | 68 check 4
inline constexpr size_t kFrameHeaderBytes = 72;

void EncodeFrame(const FrameHeader& header, uint8_t* out);

// nullptr if the bytes are a possible frame, else what is wrong with them; then *header is not to be used.
const char* DecodeFrame(const uint8_t* in, FrameHeader* header);

}  // namespace tutti::tcp

#endif  // TUTTI_TRANSPORTS_TCP_WIRE_H_
