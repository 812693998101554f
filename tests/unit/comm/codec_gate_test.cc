// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/codec_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tutti {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CodecGate, ReadsTheAllowedError) {
  EXPECT_EQ(*ParseAutoCodec("auto:0.01"), 0.01);
  EXPECT_EQ(*ParseAutoCodec("auto:0"), 0);
  for (const char* text : {"auto", "auto:", "auto:x", "auto:-1", "auto:2", "auto:nan", "auto:0.1,int8", "automatic"}) {
    EXPECT_FALSE(ParseAutoCodec(text).ok()) << text;
  }
  EXPECT_TRUE(IsAutoCodec("auto"));
  EXPECT_FALSE(IsAutoCodec("automatic"));
}

TEST(CodecGate, TriesCodecsThatKeepToTheError) {
  EXPECT_THAT(GateCandidates(0), ElementsAre("lossless"));
  EXPECT_THAT(GateCandidates(0.001), ElementsAre("f16"));
  EXPECT_THAT(GateCandidates(0.01), ElementsAre("int8", "bf16"));
  EXPECT_THAT(GateCandidates(0.1), ElementsAre("int4", "bf16"));
}

CodecGate Measured(int64_t none_ns, int64_t int8_ns, int64_t bf16_ns) {
  CodecGate gate("auto:0.01", {"int8", "bf16"});
  for (size_t size = 0; size < CodecGate::kBytes.size(); ++size) {
    gate.TimeNs(size, 0) = none_ns;
    gate.TimeNs(size, 1) = int8_ns;
    gate.TimeNs(size, 2) = bf16_ns;
  }
  return gate;
}

TEST(CodecGate, TakesTheQuickestThatWinsClearly) {
  EXPECT_EQ(Measured(1000, 400, 500).Choose(1 << 20), 0);
  EXPECT_EQ(Measured(1000, 600, 500).Choose(1 << 20), 1);
  EXPECT_EQ(Measured(1000, 950, 1200).Choose(1 << 20), -1);
  EXPECT_EQ(Measured(1000, 400, 500).Choose(CodecGate::kLeastBytes - 1), -1);
}

TEST(CodecGate, EachSizeStandsForThoseAround) {
  CodecGate gate = Measured(1000, 2000, 2000);
  gate.TimeNs(1, 1) = 100;  // 256 KiB
  EXPECT_EQ(gate.Choose(64 << 10), -1);
  EXPECT_EQ(gate.Choose(128 << 10), 0);
  EXPECT_EQ(gate.Choose(512 << 10), 0);
  EXPECT_EQ(gate.Choose(1 << 20), -1);
  EXPECT_EQ(gate.Choose(uint64_t{1} << 40), -1);
  EXPECT_THAT(gate.Explain(), HasSubstr("262144 bytes: int8 (none 0.001 ms, int8 0.0001 ms, bf16 0.002 ms)"));
}

}  // namespace
}  // namespace tutti
