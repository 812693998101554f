// SPDX-License-Identifier: Apache-2.0
#include "transports/tcp/wire.h"

namespace tutti::tcp {
namespace {

constexpr uint8_t kVersion = 2;
constexpr uint16_t kMark = 0x7454;

// TCP's own checksum guards against the network; this one notices at once when the two ends disagree about where a
// frame begins, before a stray number is taken for a length.
uint32_t Check(const uint8_t* header) {
  uint64_t mix = 0x9e3779b97f4a7c15u;
  for (size_t at = 0; at < 64; at += 8) {
    mix = std::rotl((mix ^ LoadWire<uint64_t>(header + at)) * 0xff51afd7ed558ccdu, 29);
  }
  mix = (mix ^ LoadWire<uint32_t>(header + 64)) * 0xc4ceb9fe1a85ec53u;
  return static_cast<uint32_t>(mix >> 32);
}

}  // namespace

void EncodeFrame(const FrameHeader& header, uint8_t* out) {
  out[0] = static_cast<uint8_t>(header.kind);
  out[1] = kVersion;
  StoreWire(out + 2, kMark);
  StoreWire(out + 4, header.id.channel);
  StoreWire(out + 8, header.id.sequence);
  StoreWire(out + 16, header.id.index);
  StoreWire(out + 20, header.payload_bytes);
  StoreWire(out + 24, header.signature);
  StoreWire(out + 32, header.message_bytes);
  StoreWire(out + 40, header.credit_bytes);
  StoreWire(out + 44, header.stamp.who);
  StoreWire(out + 48, header.stamp.arrival_ns);
  StoreWire(out + 56, header.stamp.clock_bound);
  StoreWire(out + 64, header.stamp.sent_after);
  StoreWire(out + 68, Check(out));
}

const char* DecodeFrame(const uint8_t* in, FrameHeader* header) {
  if (LoadWire<uint16_t>(in + 2) != kMark || LoadWire<uint32_t>(in + 68) != Check(in)) return "bytes that are no frame";
  if (in[1] != kVersion) return "a frame of another protocol version";
  header->kind = static_cast<FrameKind>(in[0]);
  header->id.channel = LoadWire<uint32_t>(in + 4);
  header->id.sequence = LoadWire<uint64_t>(in + 8);
  header->id.index = LoadWire<uint32_t>(in + 16);
  header->payload_bytes = LoadWire<uint32_t>(in + 20);
  header->signature = LoadWire<uint64_t>(in + 24);
  header->message_bytes = LoadWire<uint64_t>(in + 32);
  header->credit_bytes = LoadWire<uint32_t>(in + 40);
  header->stamp.who = LoadWire<uint32_t>(in + 44);
  header->stamp.arrival_ns = LoadWire<int64_t>(in + 48);
  header->stamp.clock_bound = LoadWire<int64_t>(in + 56);
  header->stamp.sent_after = LoadWire<uint32_t>(in + 64);
  switch (header->kind) {
    case FrameKind::kEager:
      return header->payload_bytes == header->message_bytes ? nullptr : "a small message whose lengths differ";
    case FrameKind::kAnnounce:
    case FrameKind::kReady:
      return header->payload_bytes == 0 ? nullptr : "a control frame with a payload";
    case FrameKind::kData:
      // An empty segment says nothing, except that an empty message is complete.
      if (header->payload_bytes == 0 && header->message_bytes != 0) return "an empty segment";
      return header->payload_bytes <= header->message_bytes ? nullptr : "a segment longer than its message";
    case FrameKind::kCredit:
      return header->payload_bytes == 0 && header->message_bytes == 0 ? nullptr : "a credit frame with a payload";
  }
  return "a frame of unknown kind";
}

}  // namespace tutti::tcp
