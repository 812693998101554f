// SPDX-License-Identifier: Apache-2.0
#include "transports/verbs/wire.h"

#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "transports/verbs/completion_errors.h"
#include "transports/verbs/verbs_options.h"

namespace tutti::verbs {
namespace {

FrameHeader SomeFrame(FrameKind kind, uint32_t payload_bytes, uint64_t message_bytes) {
  FrameHeader header;
  header.kind = kind;
  header.id = {.channel = 3, .index = 5, .sequence = uint64_t{7} << 40};
  header.signature = 0x1122334455667788;
  header.returned_slots = 9;
  header.credit_bytes = 1000;
  header.stamp.arrival_ns = -0x0102030405060708;
  header.stamp.who = 0xe1e2e3e4;
  header.stamp.sent_after = 0xf1f2f3f4;
  header.stamp.clock_bound = 0x1112131415161718;
  header.payload_bytes = payload_bytes;
  header.message_bytes = message_bytes;
  return header;
}

const char* Decode(const FrameHeader& header, uint64_t bytes, FrameHeader* decoded) {
  std::array<uint8_t, kFrameHeaderBytes> wire = {};
  EncodeFrame(header, wire.data());
  return DecodeFrame(wire.data(), bytes, decoded);
}

TEST(VerbsWire, FramesComeBackAsTheyWere) {
  FrameHeader decoded;
  ASSERT_EQ(Decode(SomeFrame(FrameKind::kEager, 100, 100), kFrameHeaderBytes + 100, &decoded), nullptr);
  EXPECT_EQ(decoded.kind, FrameKind::kEager);
  EXPECT_EQ(decoded.id, (MessageId{.channel = 3, .index = 5, .sequence = uint64_t{7} << 40}));
  EXPECT_EQ(decoded.signature, 0x1122334455667788u);
  EXPECT_EQ(decoded.returned_slots, 9);
  EXPECT_EQ(decoded.credit_bytes, 1000u);
  EXPECT_EQ(decoded.message_bytes, 100u);
  EXPECT_EQ(decoded.stamp, SomeFrame(FrameKind::kEager, 100, 100).stamp);
}

TEST(VerbsWire, ImpossibleFramesAreRefused) {
  FrameHeader decoded;
  const auto refused = [&](const FrameHeader& header, uint64_t bytes) {
    return Decode(header, bytes, &decoded) != nullptr;
  };
  EXPECT_TRUE(refused(SomeFrame(FrameKind::kEager, 100, 100), kFrameHeaderBytes + 99));
  EXPECT_TRUE(refused(SomeFrame(FrameKind::kEager, 100, 101), kFrameHeaderBytes + 100));
  EXPECT_TRUE(refused(SomeFrame(FrameKind::kEager, 0, 0), kFrameHeaderBytes - 1));
  EXPECT_TRUE(refused(SomeFrame(FrameKind::kAnnounce, 1, 1), kFrameHeaderBytes + 1));
  EXPECT_TRUE(refused(SomeFrame(FrameKind::kGrant, 31, 1), kFrameHeaderBytes + 31));
  EXPECT_TRUE(refused(SomeFrame(FrameKind::kOpen, 0, 0), kFrameHeaderBytes));
  EXPECT_TRUE(refused(SomeFrame(static_cast<FrameKind>(0), 0, 0), kFrameHeaderBytes));
  EXPECT_TRUE(refused(SomeFrame(static_cast<FrameKind>(9), 0, 0), kFrameHeaderBytes));
  EXPECT_TRUE(refused(SomeFrame(FrameKind::kAnnounce, 0, kMaxMessageBytes + 1), kFrameHeaderBytes));
  EXPECT_FALSE(refused(SomeFrame(FrameKind::kAnnounce, 0, kMaxMessageBytes), kFrameHeaderBytes));
}

TEST(VerbsWire, GrantsComeBackAsTheyWere) {
  std::array<uint8_t, kGrantBytes> wire = {};
  EncodeGrant({.address = ~uint64_t{0}, .offset = 1, .bytes = 2, .key = 3, .immediate = 4, .lane = 5, .joining = 6},
              wire.data());
  const Grant grant = DecodeGrant(wire.data());
  EXPECT_EQ(grant.address, ~uint64_t{0});
  EXPECT_EQ(grant.offset, 1u);
  EXPECT_EQ(grant.bytes, 2u);
  EXPECT_EQ(grant.key, 3u);
  EXPECT_EQ(grant.immediate, 4u);
  EXPECT_EQ(grant.lane, 5u);
  EXPECT_EQ(grant.joining, 6u);
}

Hello SomeHello() {
  Hello hello;
  hello.num_rails = 2;
  hello.primary_rail = 1;
  hello.pairs_per_rail = 3;
  hello.falls_back = true;
  for (uint32_t rail = 0; rail < 2; ++rail) {
    RailHello& its = hello.rails[rail];
    std::memset(its.pair.gid, 0xab + static_cast<int>(rail), sizeof(its.pair.gid));
    its.pair.lid = 7;
    its.pair.mtu = 5;
    its.pair.number = 0xffffff - rail;
    its.pair.first_packet = 0x123456;
    its.probe_key = 0x11223344;
    its.probe_address = ~uint64_t{0} - rail;
  }
  hello.slots = kMinSlots;
  hello.eager_bytes = 8192;
  hello.unexpected_bytes = 1 << 20;
  return hello;
}

const char* Decode(const Notice& notice, Notice* decoded) {
  std::array<uint8_t, kNoticeBytes> wire = {};
  EncodeNotice(notice, wire.data());
  return DecodeNotice(wire.data(), decoded);
}

TEST(VerbsWire, RejoiningsComeBackAsTheyWere) {
  Notice notice;
  notice.kind = NoticeKind::kRejoin;
  notice.rail = 1;
  notice.joining = 3;
  notice.hello.rails[0] = SomeHello().rails[1];
  Notice decoded;
  ASSERT_EQ(Decode(notice, &decoded), nullptr);
  EXPECT_EQ(decoded.kind, NoticeKind::kRejoin);
  EXPECT_EQ(decoded.rail, 1u);
  EXPECT_EQ(decoded.joining, 3u);
  EXPECT_EQ(decoded.hello.rails[0].pair.number, 0xfffffeu);
  EXPECT_EQ(decoded.hello.rails[0].probe_address, ~uint64_t{0} - 1);
  notice.hello.rails[0].pair.number = 1 << 24;
  EXPECT_NE(Decode(notice, &decoded), nullptr);
}

const char* DecodeHello(const Hello& hello) {
  Notice decoded;
  return Decode({.kind = NoticeKind::kHello, .hello = hello}, &decoded);
}

TEST(VerbsWire, IntroductionsComeBackAsTheyWere) {
  Notice decoded;
  ASSERT_EQ(Decode({.kind = NoticeKind::kHello, .hello = SomeHello()}, &decoded), nullptr);
  EXPECT_EQ(decoded.kind, NoticeKind::kHello);
  EXPECT_EQ(decoded.hello.num_rails, 2u);
  EXPECT_EQ(decoded.hello.primary_rail, 1u);
  EXPECT_EQ(decoded.hello.pairs_per_rail, 3u);
  EXPECT_TRUE(decoded.hello.falls_back);
  EXPECT_EQ(decoded.hello.slots, kMinSlots);
  EXPECT_EQ(decoded.hello.eager_bytes, 8192u);
  EXPECT_EQ(decoded.hello.unexpected_bytes, uint64_t{1} << 20);
  for (uint32_t rail = 0; rail < 2; ++rail) {
    const RailHello& its = decoded.hello.rails[rail];
    EXPECT_EQ(std::memcmp(its.pair.gid, SomeHello().rails[rail].pair.gid, sizeof(its.pair.gid)), 0);
    EXPECT_EQ(its.pair.lid, 7);
    EXPECT_EQ(its.pair.number, 0xffffffu - rail);
    EXPECT_EQ(its.pair.first_packet, 0x123456u);
    EXPECT_EQ(its.probe_key, 0x11223344u);
    EXPECT_EQ(its.probe_address, ~uint64_t{0} - rail);
  }
}

TEST(VerbsWire, OtherNoticesComeBackAsTheyWere) {
  Notice decoded;
  ASSERT_EQ(
      Decode(
          {.kind = NoticeKind::kDown, .hello = {}, .rail = 3, .next_rail = 2, .is_good = true, .count = ~uint64_t{0}},
          &decoded),
      nullptr);
  EXPECT_EQ(decoded.kind, NoticeKind::kDown);
  EXPECT_EQ(decoded.rail, 3u);
  EXPECT_EQ(decoded.next_rail, 2u);
  EXPECT_TRUE(decoded.is_good);
  EXPECT_EQ(decoded.count, ~uint64_t{0});
  EXPECT_NE(Decode({.kind = static_cast<NoticeKind>(0), .hello = {}}, &decoded), nullptr);
  EXPECT_NE(Decode({.kind = static_cast<NoticeKind>(7), .hello = {}}, &decoded), nullptr);
}

TEST(VerbsWire, ImpossibleIntroductionsAreRefused) {
  EXPECT_EQ(DecodeHello(SomeHello()), nullptr);
  Hello hello = SomeHello();
  hello.rails[1].pair.mtu = 6;
  EXPECT_NE(DecodeHello(hello), nullptr);
  hello = SomeHello();
  hello.rails[0].pair.number = 1 << 24;
  EXPECT_NE(DecodeHello(hello), nullptr);
  hello = SomeHello();
  hello.slots = kMinSlots - 1;
  EXPECT_NE(DecodeHello(hello), nullptr);
  hello = SomeHello();
  hello.eager_bytes = kMaxEagerBytes + 1;
  EXPECT_NE(DecodeHello(hello), nullptr);
  hello = SomeHello();
  hello.primary_rail = 2;
  EXPECT_NE(DecodeHello(hello), nullptr);
  hello = SomeHello();
  hello.num_rails = 0;
  EXPECT_NE(DecodeHello(hello), nullptr);
  hello = SomeHello();
  hello.pairs_per_rail = kMaxPairsPerRail + 1;
  EXPECT_NE(DecodeHello(hello), nullptr);
  Notice decoded;
  EXPECT_NE(DecodeNotice(std::array<uint8_t, kNoticeBytes>().data(), &decoded), nullptr);
}

TEST(CompletionSentence, NamesTheDeviceTheQueuePairAndTheTime) {
  Device device;
  device.name = "mlx5_0:1";
  device.port.link_layer = IBV_LINK_LAYER_ETHERNET;
  ibv_wc completion = {};
  completion.status = IBV_WC_RETRY_EXC_ERR;
  completion.qp_num = 4711;
  completion.vendor_err = 0x81;
  const std::string sentence = CompletionSentence(completion, device, PortOptions());
  for (const char* part : {"mlx5_0:1", "4711", "0x81", "1.9 s", "GID", "TUTTI_TRANSPORT=shm,tcp"}) {
    EXPECT_NE(sentence.find(part), std::string::npos) << part << " in: " << sentence;
  }
}

}  // namespace
}  // namespace tutti::verbs
