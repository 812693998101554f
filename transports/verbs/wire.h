// SPDX-License-Identifier: Apache-2.0
// What two verbs endpoints say to each other, as bytes. It knows layouts and what makes one impossible; it never knows
// which messages exist.
#ifndef TUTTI_TRANSPORTS_VERBS_WIRE_H_
#define TUTTI_TRANSPORTS_VERBS_WIRE_H_

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "lib/transport/transport.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {

static_assert(std::endian::native == std::endian::little, "the wire is little-endian; this host needs byte swaps here");

enum class FrameKind : uint8_t {
  kEager = 1,     // a whole small message, with its payload
  kAnnounce = 2,  // sender: this message waits here for a GRANT
  kGrant = 3,     // receiver: write so many of its bytes to this memory; without memory: send it in a DATA frame
  kData = 4,      // a whole small message that was granted
  kCredit = 5,    // nothing but returned credit
  kOpen = 6,      // this end's queue pair for the large messages of a channel, for one lane
  kClose = 7,     // this end has closed the channel
  kConfirm = 8,   // this end has destroyed such a queue pair, and had received so many granted writes through it
};

// The sender writes `bytes` bytes of its message from `offset` on to `address`, through the channel's queue pair for `lane`,
// and ends with `immediate`, to which it adds
// kAnnounced if it has sent, or will send, an ANNOUNCE of the message: that travels on another queue pair, and may come
// later than the writes.
struct Grant {
  uint64_t address = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint32_t key = 0;
  uint32_t immediate = 0;
  uint32_t lane = 0;
  uint32_t joining = 0;  // of the lane's rail when it was given: what is older went with the rail, and is granted again
};

struct FrameHeader {
  FrameKind kind = FrameKind::kCredit;
  uint16_t returned_slots = 0;  // the receiver of this frame may send so many more
  uint32_t payload_bytes = 0;  // that follow this header: those of the message, a Grant, an OPEN's or CONFIRM's numbers
  uint32_t credit_bytes = 0;   // eager credit given back to the receiver of this frame
  MessageId id;
  uint64_t signature = 0;      // the sender's; in GRANT the receiver's
  uint64_t message_bytes = 0;  // the whole message; in GRANT what the receive wants
  MessageStamp stamp;          // EAGER, ANNOUNCE, DATA: of the message
};

//  0 kind 1 | version 1 | returned_slots 2 | channel 4 | 8 sequence 8 | 16 index 4 | payload_bytes 4
// 24 signature 8 | 32 message_bytes 8 | 40 credit_bytes 4 | stamp: 44 who 4 | 48 arrival_ns 8 | 56 clock_bound 8 |
// 64 sent_after 4 | 68 zero 4
inline constexpr size_t kFrameHeaderBytes = 72;
inline constexpr size_t kGrantBytes = 40;  // address 8 | offset 8 | bytes 8 | key 4 | immediate 4 | lane 4 | joining 4
// Of both of these the lane is the frame's index.
inline constexpr size_t kOpenBytes = 12;     // queue pair number 4 | first packet number 4 | joining 4
inline constexpr size_t kConfirmBytes = 12;  // granted writes that have been received, ever 8 | joining 4

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

// NOTICES: what two ends say over the control transport, one after the other.
enum class NoticeKind : uint8_t {
  kHello = 1,    // who this end is: one queue pair for each of its rails
  kJoined = 2,   // it has joined them with the other's; or, of a later joining, that of one rail
  kProbed = 3,   // a rail's probe has come through, or has not
  kStart = 4,    // from the lower rank: messages may go, or go on, small ones over this rail; kNoRail: over the control
                 // transport
  kDown = 5,     // this end has destroyed what it had of a rail
  kGoodbye = 6,  // it leaves
  kRejoin = 7,   // its new queue pair for a rail that both had left
};
inline constexpr uint32_t kNoRail = UINT32_MAX;

// One rail as an end introduces it: its queue pair, and memory that the other end may write its probe to.
struct RailHello {
  PairAddress pair;
  uint32_t probe_key = 0;
  uint64_t probe_address = 0;
};

struct Hello {
  uint32_t num_rails = 0;
  uint32_t primary_rail = 0;  // that this end likes best
  uint32_t pairs_per_rail = 1;
  bool falls_back = false;  // may do without RDMA
  uint32_t slots = 0;       // that this end keeps ready for the other
  uint64_t eager_bytes = 0;
  uint64_t unexpected_bytes = 0;
  std::array<RailHello, kMaxRails> rails;
};

struct Notice {
  NoticeKind kind = NoticeKind::kJoined;
  Hello hello;             // kHello; kRejoin: rails[0] is the rail
  uint32_t rail = 0;       // kJoined, kProbed, kStart, kDown, kRejoin
  uint32_t joining = 0;    // kJoined, kProbed, kRejoin: how often the rail had been joined before
  uint32_t next_rail = 0;  // kDown: that small messages go over from now on; kNoRail: there is none
  bool is_good = false;    // kProbed
  uint64_t count = 0;      // kDown: frames received; kGoodbye: granted writes received, on all channels together
};
inline constexpr size_t kNoticeBytes = 192;

// A probe is as long as a packet of the path may be.
inline constexpr uint32_t ProbeBytes(uint8_t mtu) { return 128u << mtu; }
inline constexpr uint32_t kMaxProbeBytes = ProbeBytes(5);

void EncodeNotice(const Notice& notice, uint8_t* out);
// nullptr if it is possible, else what is wrong with it; then *notice is not to be used.
const char* DecodeNotice(const uint8_t* in, Notice* notice);

}  // namespace tutti::verbs

#endif  // TUTTI_TRANSPORTS_VERBS_WIRE_H_
