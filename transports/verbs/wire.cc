// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/wire.h"

#include <cstring>

#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {
namespace {

constexpr uint8_t kVersion = 3;
constexpr uint32_t kHelloMark = 0x74755633;  // version 3

template <typename T>
void Store(uint8_t* to, T value) {
  std::memcpy(to, &value, sizeof(T));
}
template <typename T>
T Load(const uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

}  // namespace

void EncodeFrame(const FrameHeader& header, uint8_t* out) {
  out[0] = static_cast<uint8_t>(header.kind);
  out[1] = kVersion;
  Store(out + 2, header.returned_slots);
  Store(out + 4, header.id.channel);
  Store(out + 8, header.id.sequence);
  Store(out + 16, header.id.index);
  Store(out + 20, header.payload_bytes);
  Store(out + 24, header.signature);
  Store(out + 32, header.message_bytes);
  Store(out + 40, header.credit_bytes);
  Store(out + 44, header.stamp.who);
  Store(out + 48, header.stamp.arrival_ns);
  Store(out + 56, header.stamp.clock_bound_ns);
  Store(out + 64, header.stamp.sent_after);
  Store(out + 68, uint32_t{0});
}

const char* DecodeFrame(const uint8_t* in, uint64_t bytes, FrameHeader* header) {
  if (bytes < kFrameHeaderBytes || in[1] != kVersion) return "bytes that are no frame";
  header->kind = static_cast<FrameKind>(in[0]);
  header->returned_slots = Load<uint16_t>(in + 2);
  header->id.channel = Load<uint32_t>(in + 4);
  header->id.sequence = Load<uint64_t>(in + 8);
  header->id.index = Load<uint32_t>(in + 16);
  header->payload_bytes = Load<uint32_t>(in + 20);
  header->signature = Load<uint64_t>(in + 24);
  header->message_bytes = Load<uint64_t>(in + 32);
  header->credit_bytes = Load<uint32_t>(in + 40);
  header->stamp.who = Load<uint32_t>(in + 44);
  header->stamp.arrival_ns = Load<int64_t>(in + 48);
  header->stamp.clock_bound_ns = Load<int64_t>(in + 56);
  header->stamp.sent_after = Load<uint32_t>(in + 64);
  const uint64_t payload = bytes - kFrameHeaderBytes;
  if (header->payload_bytes != payload) return "a frame whose lengths differ";
  if (header->message_bytes > kMaxMessageBytes) return "a message longer than any may be";
  switch (header->kind) {
    case FrameKind::kEager:
    case FrameKind::kData:
      return payload == header->message_bytes ? nullptr : "a small message whose lengths differ";
    case FrameKind::kGrant:
      return payload == kGrantBytes ? nullptr : "a grant of the wrong size";
    case FrameKind::kOpen:
      return payload == kOpenBytes ? nullptr : "a queue pair's address of the wrong size";
    case FrameKind::kClose:
      return payload == kCloseBytes ? nullptr : "a closing of the wrong size";
    case FrameKind::kAnnounce:
    case FrameKind::kCredit:
      return payload == 0 ? nullptr : "a control frame with a payload";
  }
  return "a frame of unknown kind";
}

void EncodeGrant(const Grant& grant, uint8_t* out) {
  Store(out, grant.address);
  Store(out + 8, grant.offset);
  Store(out + 16, grant.bytes);
  Store(out + 24, grant.key);
  Store(out + 28, grant.immediate);
}

Grant DecodeGrant(const uint8_t* in) {
  Grant grant;
  grant.address = Load<uint64_t>(in);
  grant.offset = Load<uint64_t>(in + 8);
  grant.bytes = Load<uint64_t>(in + 16);
  grant.key = Load<uint32_t>(in + 24);
  grant.immediate = Load<uint32_t>(in + 28);
  return grant;
}

// 0 mark 4 | number 4 | first_packet 4 | lid 2 | mtu 1 | zero 1 | 16 gid 16 | 32 slots 4 | zero 4 | 40 eager_bytes 8 |
// 48 unexpected_bytes 8 | 56 zero 8
void EncodeHello(const Hello& hello, uint8_t* out) {
  std::memset(out, 0, kHelloBytes);
  Store(out, kHelloMark);
  Store(out + 4, hello.pair.number);
  Store(out + 8, hello.pair.first_packet);
  Store(out + 12, hello.pair.lid);
  out[14] = hello.pair.mtu;
  std::memcpy(out + 16, hello.pair.gid, sizeof(hello.pair.gid));
  Store(out + 32, hello.slots);
  Store(out + 40, hello.eager_bytes);
  Store(out + 48, hello.unexpected_bytes);
}

const char* DecodeHello(const uint8_t* in, Hello* hello) {
  if (Load<uint32_t>(in) != kHelloMark) return "an introduction of another protocol version";
  hello->pair.number = Load<uint32_t>(in + 4);
  hello->pair.first_packet = Load<uint32_t>(in + 8);
  hello->pair.lid = Load<uint16_t>(in + 12);
  hello->pair.mtu = in[14];
  std::memcpy(hello->pair.gid, in + 16, sizeof(hello->pair.gid));
  hello->slots = Load<uint32_t>(in + 32);
  hello->eager_bytes = Load<uint64_t>(in + 40);
  hello->unexpected_bytes = Load<uint64_t>(in + 48);
  if (hello->pair.number >= (1u << 24) || hello->pair.first_packet >= (1u << 24)) return "an impossible queue pair";
  if (hello->pair.mtu < 1 || hello->pair.mtu > 5) return "an impossible MTU";
  if (hello->slots < kMinSlots || hello->slots > kMaxSlots) return "an impossible number of slots";
  if (hello->eager_bytes > kMaxEagerBytes) return "an impossible eager limit";
  return nullptr;
}

}  // namespace tutti::verbs
