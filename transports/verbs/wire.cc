// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/wire.h"

#include <cstring>

#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {
namespace {

constexpr uint8_t kVersion = 5;
constexpr uint32_t kNoticeMark = 0x74755635;  // version 5
constexpr size_t kRailsAt = 32;
constexpr size_t kRailBytes = 40;
static_assert(kRailsAt + kMaxRails * kRailBytes <= kNoticeBytes);

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
  Store(out + 56, header.stamp.clock_bound);
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
  header->stamp.clock_bound = Load<int64_t>(in + 56);
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
    case FrameKind::kConfirm:
      return payload == kConfirmBytes ? nullptr : "a confirmation of the wrong size";
    case FrameKind::kClose:
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
  Store(out + 32, grant.lane);
  Store(out + 36, grant.joining);
}

Grant DecodeGrant(const uint8_t* in) {
  Grant grant;
  grant.address = Load<uint64_t>(in);
  grant.offset = Load<uint64_t>(in + 8);
  grant.bytes = Load<uint64_t>(in + 16);
  grant.key = Load<uint32_t>(in + 24);
  grant.immediate = Load<uint32_t>(in + 28);
  grant.lane = Load<uint32_t>(in + 32);
  grant.joining = Load<uint32_t>(in + 36);
  return grant;
}

namespace {

// gid 16 | 16 number 4 | first_packet 4 | 24 lid 2 | mtu 1 | zero 1 | 28 probe_key 4 | 32 probe_address 8
void EncodeRail(const RailHello& rail, uint8_t* out) {
  std::memcpy(out, rail.pair.gid, sizeof(rail.pair.gid));
  Store(out + 16, rail.pair.number);
  Store(out + 20, rail.pair.first_packet);
  Store(out + 24, rail.pair.lid);
  out[26] = rail.pair.mtu;
  Store(out + 28, rail.probe_key);
  Store(out + 32, rail.probe_address);
}

const char* DecodeRail(const uint8_t* in, RailHello* rail) {
  std::memcpy(rail->pair.gid, in, sizeof(rail->pair.gid));
  rail->pair.number = Load<uint32_t>(in + 16);
  rail->pair.first_packet = Load<uint32_t>(in + 20);
  rail->pair.lid = Load<uint16_t>(in + 24);
  rail->pair.mtu = in[26];
  rail->probe_key = Load<uint32_t>(in + 28);
  rail->probe_address = Load<uint64_t>(in + 32);
  if (rail->pair.number >= (1u << 24) || rail->pair.first_packet >= (1u << 24)) return "an impossible queue pair";
  return rail->pair.mtu < 1 || rail->pair.mtu > 5 ? "an impossible MTU" : nullptr;
}

// 5 num_rails 1 | primary_rail 1 | pairs_per_rail 1 | 8 slots 4 | falls_back 1 | zero 3 | 16 eager_bytes 8 |
// 24 unexpected_bytes 8 | 32 rails 4 x 40
void EncodeHello(const Hello& hello, uint8_t* out) {
  out[5] = static_cast<uint8_t>(hello.num_rails);
  out[6] = static_cast<uint8_t>(hello.primary_rail);
  out[7] = static_cast<uint8_t>(hello.pairs_per_rail);
  Store(out + 8, hello.slots);
  out[12] = hello.falls_back ? 1 : 0;
  Store(out + 16, hello.eager_bytes);
  Store(out + 24, hello.unexpected_bytes);
  for (size_t i = 0; i < hello.num_rails; ++i) EncodeRail(hello.rails[i], out + kRailsAt + i * kRailBytes);
}

const char* DecodeHello(const uint8_t* in, Hello* hello) {
  hello->num_rails = in[5];
  hello->primary_rail = in[6];
  hello->pairs_per_rail = in[7];
  hello->slots = Load<uint32_t>(in + 8);
  hello->falls_back = in[12] != 0;
  hello->eager_bytes = Load<uint64_t>(in + 16);
  hello->unexpected_bytes = Load<uint64_t>(in + 24);
  if (hello->slots < kMinSlots || hello->slots > kMaxSlots) return "an impossible number of slots";
  if (hello->eager_bytes > kMaxEagerBytes) return "an impossible eager limit";
  if (hello->num_rails < 1 || hello->num_rails > kMaxRails || hello->primary_rail >= hello->num_rails ||
      hello->pairs_per_rail < 1 || hello->pairs_per_rail > kMaxPairsPerRail) {
    return "an impossible number of rails";
  }
  for (size_t i = 0; i < hello->num_rails; ++i) {
    const char* wrong = DecodeRail(in + kRailsAt + i * kRailBytes, &hello->rails[i]);
    if (wrong != nullptr) return wrong;
  }
  return nullptr;
}

}  // namespace

// 0 mark 4 | kind 1 | then HELLO as above; of the others: is_good 1 | zero 2 | 8 rail 4 | next_rail 4 | 16 count 8 |
// 24 joining 4 | zero 4 | 32 of REJOIN: the rail 40
void EncodeNotice(const Notice& notice, uint8_t* out) {
  std::memset(out, 0, kNoticeBytes);
  Store(out, kNoticeMark);
  out[4] = static_cast<uint8_t>(notice.kind);
  if (notice.kind == NoticeKind::kHello) {
    EncodeHello(notice.hello, out);
    return;
  }
  out[5] = notice.is_good ? 1 : 0;
  Store(out + 8, notice.rail);
  Store(out + 12, notice.next_rail);
  Store(out + 16, notice.count);
  Store(out + 24, notice.joining);
  if (notice.kind == NoticeKind::kRejoin) EncodeRail(notice.hello.rails[0], out + kRailsAt);
}

const char* DecodeNotice(const uint8_t* in, Notice* notice) {
  if (Load<uint32_t>(in) != kNoticeMark) return "an introduction of another protocol version";
  notice->kind = static_cast<NoticeKind>(in[4]);
  switch (notice->kind) {
    case NoticeKind::kHello:
      return DecodeHello(in, &notice->hello);
    case NoticeKind::kJoined:
    case NoticeKind::kProbed:
    case NoticeKind::kStart:
    case NoticeKind::kDown:
    case NoticeKind::kGoodbye:
    case NoticeKind::kRejoin:
      notice->is_good = in[5] != 0;
      notice->rail = Load<uint32_t>(in + 8);
      notice->next_rail = Load<uint32_t>(in + 12);
      notice->count = Load<uint64_t>(in + 16);
      notice->joining = Load<uint32_t>(in + 24);
      return notice->kind == NoticeKind::kRejoin ? DecodeRail(in + kRailsAt, &notice->hello.rails[0]) : nullptr;
  }
  return "a notice of unknown kind";
}

}  // namespace tutti::verbs
