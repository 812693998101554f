// SPDX-License-Identifier: Apache-2.0
#include "transports/tcp/wire.h"

#include <array>

#include "gtest/gtest.h"

#include "lib/base/prng.h"

namespace tutti::tcp {
namespace {

FrameHeader SomeHeader() {
  FrameHeader header;
  header.kind = FrameKind::kData;
  header.id = {0xa1a2a3a4, 0xb1b2b3b4, 0xc1c2c3c4c5c6c7c8};
  header.payload_bytes = 4096;
  header.message_bytes = 1 << 20;
  header.signature = 0xd1d2d3d4d5d6d7d8;
  header.credit_bytes = 77;
  header.stamp.arrival_ns = -0x0102030405060708;
  header.stamp.who = 0xe1e2e3e4;
  header.stamp.sent_after = 0xf1f2f3f4;
  header.stamp.clock_bound = 0x1112131415161718;
  return header;
}

TEST(TcpWire, AHeaderSurvivesTheTrip) {
  uint8_t bytes[kFrameHeaderBytes];
  EncodeFrame(SomeHeader(), bytes);
  FrameHeader out;
  ASSERT_EQ(DecodeFrame(bytes, &out), nullptr);
  EXPECT_EQ(out.kind, FrameKind::kData);
  EXPECT_EQ(out.id, SomeHeader().id);
  EXPECT_EQ(out.payload_bytes, 4096u);
  EXPECT_EQ(out.message_bytes, uint64_t{1} << 20);
  EXPECT_EQ(out.signature, SomeHeader().signature);
  EXPECT_EQ(out.credit_bytes, 77u);
  EXPECT_EQ(out.stamp, SomeHeader().stamp);
}

TEST(TcpWire, TheLayoutIsFixed) {
  uint8_t bytes[kFrameHeaderBytes];
  EncodeFrame(SomeHeader(), bytes);
  EXPECT_EQ(bytes[0], 4);     // kind
  EXPECT_EQ(bytes[1], 2);     // version
  EXPECT_EQ(bytes[4], 0xa4);  // little-endian channel
  EXPECT_EQ(bytes[8], 0xc8);
  EXPECT_EQ(bytes[16], 0xb4);
  EXPECT_EQ(bytes[24], 0xd8);
  EXPECT_EQ(bytes[40], 77);
  EXPECT_EQ(bytes[44], 0xe4);
  EXPECT_EQ(bytes[56], 0x18);
  EXPECT_EQ(bytes[64], 0xf4);
}

TEST(TcpWire, AnyFlippedBitIsNoticed) {
  uint8_t bytes[kFrameHeaderBytes];
  EncodeFrame(SomeHeader(), bytes);
  for (size_t bit = 0; bit < 8 * kFrameHeaderBytes; ++bit) {
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    FrameHeader out;
    EXPECT_NE(DecodeFrame(bytes, &out), nullptr) << "bit " << bit;
    bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
  }
}

TEST(TcpWire, GarbageIsRefused) {
  Prng prng(42);
  std::array<uint8_t, kFrameHeaderBytes> bytes;
  for (int round = 0; round < 200000; ++round) {
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(prng.Next());
    // Half of the rounds get past the mark.
    if (round % 2 == 0) StoreWire<uint16_t>(&bytes[2], 0x7454);
    FrameHeader out;
    ASSERT_NE(DecodeFrame(bytes.data(), &out), nullptr) << "round " << round;
  }
}

TEST(TcpWire, ImpossibleFramesAreRefused) {
  const auto refused = [](FrameKind kind, uint32_t payload, uint64_t message) {
    FrameHeader header = SomeHeader();
    header.kind = kind;
    header.payload_bytes = payload;
    header.message_bytes = message;
    uint8_t bytes[kFrameHeaderBytes];
    EncodeFrame(header, bytes);
    FrameHeader out;
    return DecodeFrame(bytes, &out) != nullptr;
  };
  EXPECT_TRUE(refused(FrameKind::kEager, 8, 16));
  EXPECT_FALSE(refused(FrameKind::kEager, 16, 16));
  EXPECT_FALSE(refused(FrameKind::kEager, 0, 0));
  EXPECT_TRUE(refused(FrameKind::kReady, 1, 16));
  EXPECT_FALSE(refused(FrameKind::kReady, 0, 16));
  EXPECT_TRUE(refused(FrameKind::kAnnounce, 1, 16));
  EXPECT_TRUE(refused(FrameKind::kData, 17, 16));
  EXPECT_TRUE(refused(FrameKind::kData, 0, 16));
  EXPECT_FALSE(refused(FrameKind::kData, 0, 0));
  EXPECT_TRUE(refused(FrameKind::kCredit, 1, 0));
  EXPECT_TRUE(refused(static_cast<FrameKind>(0), 0, 0));
  EXPECT_TRUE(refused(static_cast<FrameKind>(6), 0, 0));
}

}  // namespace
}  // namespace tutti::tcp
