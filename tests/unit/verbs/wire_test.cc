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
  header.stamp.clock_bound_ns = 0x1112131415161718;
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
  EXPECT_TRUE(refused(SomeFrame(static_cast<FrameKind>(8), 0, 0), kFrameHeaderBytes));
  EXPECT_TRUE(refused(SomeFrame(FrameKind::kAnnounce, 0, kMaxMessageBytes + 1), kFrameHeaderBytes));
  EXPECT_FALSE(refused(SomeFrame(FrameKind::kAnnounce, 0, kMaxMessageBytes), kFrameHeaderBytes));
}

TEST(VerbsWire, GrantsComeBackAsTheyWere) {
  std::array<uint8_t, kGrantBytes> wire = {};
  EncodeGrant({.address = ~uint64_t{0}, .offset = 1, .bytes = 2, .key = 3, .immediate = 4}, wire.data());
  const Grant grant = DecodeGrant(wire.data());
  EXPECT_EQ(grant.address, ~uint64_t{0});
  EXPECT_EQ(grant.offset, 1u);
  EXPECT_EQ(grant.bytes, 2u);
  EXPECT_EQ(grant.key, 3u);
  EXPECT_EQ(grant.immediate, 4u);
}

Hello SomeHello() {
  Hello hello;
  std::memset(hello.pair.gid, 0xab, sizeof(hello.pair.gid));
  hello.pair.lid = 7;
  hello.pair.mtu = 5;
  hello.pair.number = 0xffffff;
  hello.pair.first_packet = 0x123456;
  hello.slots = kMinSlots;
  hello.eager_bytes = 8192;
  hello.unexpected_bytes = 1 << 20;
  return hello;
}

const char* Decode(const Hello& hello, Hello* decoded) {
  std::array<uint8_t, kHelloBytes> wire = {};
  EncodeHello(hello, wire.data());
  return DecodeHello(wire.data(), decoded);
}

TEST(VerbsWire, IntroductionsComeBackAsTheyWere) {
  Hello decoded;
  ASSERT_EQ(Decode(SomeHello(), &decoded), nullptr);
  EXPECT_EQ(std::memcmp(decoded.pair.gid, SomeHello().pair.gid, sizeof(decoded.pair.gid)), 0);
  EXPECT_EQ(decoded.pair.lid, 7);
  EXPECT_EQ(decoded.pair.number, 0xffffffu);
  EXPECT_EQ(decoded.pair.first_packet, 0x123456u);
  EXPECT_EQ(decoded.slots, kMinSlots);
  EXPECT_EQ(decoded.eager_bytes, 8192u);
  EXPECT_EQ(decoded.unexpected_bytes, uint64_t{1} << 20);
}

TEST(VerbsWire, ImpossibleIntroductionsAreRefused) {
  Hello decoded;
  Hello hello = SomeHello();
  hello.pair.mtu = 6;
  EXPECT_NE(Decode(hello, &decoded), nullptr);
  hello = SomeHello();
  hello.pair.number = 1 << 24;
  EXPECT_NE(Decode(hello, &decoded), nullptr);
  hello = SomeHello();
  hello.slots = kMinSlots - 1;
  EXPECT_NE(Decode(hello, &decoded), nullptr);
  hello = SomeHello();
  hello.eager_bytes = kMaxEagerBytes + 1;
  EXPECT_NE(Decode(hello, &decoded), nullptr);
  EXPECT_NE(DecodeHello(std::array<uint8_t, kHelloBytes>().data(), &decoded), nullptr);
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
