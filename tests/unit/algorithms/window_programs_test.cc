// SPDX-License-Identifier: Apache-2.0
// The window programs of all algorithms keep the rules, and mean what the verified schedule says.
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "collectives/algorithms/registry.h"
#include "collectives/schedule/window_program.h"
#include "sanitized.h"

namespace tutti {
namespace {

std::vector<const Algorithm*> AlgorithmsOverWindows() {
  std::vector<const Algorithm*> all;
  for (int c = 0; c < kNumCollectives; ++c) {
    for (const Algorithm& algorithm : Algorithms(static_cast<Collective>(c))) {
      if (algorithm.window != nullptr) all.push_back(&algorithm);
    }
  }
  return all;
}

class EveryWindowProgram : public testing::TestWithParam<const Algorithm*> {};

TEST_P(EveryWindowProgram, KeepsTheRulesForEveryRankAndLength) {
  for (int n : kSanitized ? std::vector<int>{2, 5, 8} : std::vector<int>{2, 3, 4, 5, 8, 11, 16, 64}) {
    for (uint64_t count : {0u, 1u, 2u, 7u, 8u, 1000u, 16384u, 16385u, 300'001u}) {
      for (uint64_t segment_bytes : {0u, 64u, 4096u, 1u << 20}) {
        for (int rank = 0; rank < n; ++rank) {
          Shape shape;
          shape.collective = GetParam()->collective;
          shape.num_ranks = n;
          shape.count = segment_bytes == 64 ? count % 2048 : count;
          shape.segment_bytes = segment_bytes;
          ASSERT_EQ(CheckWindowProgram(GetParam()->window(shape, rank), shape.element_bytes), "")
              << n << " ranks, count " << shape.count << ", segments of " << segment_bytes;
        }
      }
    }
  }
}

TEST_P(EveryWindowProgram, SaysWhenAVectorIsTooLongForWindows) {
  if (GetParam()->collective == Collective::kBarrier) return;  // it has none
  Shape shape;
  shape.collective = GetParam()->collective;
  shape.num_ranks = 2;
  shape.count = kMaxWindowVectorBytes / shape.element_bytes;
  EXPECT_EQ(CheckWindowProgram(GetParam()->window(shape, 1), shape.element_bytes), "");
  shape.count = 2 * kMaxWindowVectorBytes;
  EXPECT_NE(CheckWindowProgram(GetParam()->window(shape, 1), shape.element_bytes), "");
}

TEST_P(EveryWindowProgram, IsWhatTheVerifiedScheduleIsLoweredFrom) {
  for (int n : {2, 3, 8}) {
    for (int rank = 0; rank < n; ++rank) {
      Shape shape;
      shape.collective = GetParam()->collective;
      shape.num_ranks = n;
      shape.count = 1000;
      shape.segment_bytes = 512;
      EXPECT_EQ(DescribeSchedule(LowerToSchedule(GetParam()->window(shape, rank), shape, rank)),
                DescribeSchedule(GetParam()->build(shape, rank)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryWindowProgram, testing::ValuesIn(AlgorithmsOverWindows()),
                         [](const auto& each) {
                           return absl::StrCat(CollectiveName(each.param->collective), "_", each.param->name);
                         });

// A program with one mistake each.
TEST(WindowProgramRules, AnOverwrittenSlotIsNoticed) {
  WindowProgramBuilder builder;
  for (uint32_t i = 0; i <= kWindowSlots; ++i) builder.Publish(builder.NewNumber(), {Buffer::kInput, i, 1});
  for (uint32_t i = 0; i <= kWindowSlots; ++i) {
    builder.Reduce(i, 1, 0, {Buffer::kInput, i, 1}, {Buffer::kOutput, i, 1}, true);
  }
  EXPECT_NE(CheckWindowProgram(std::move(builder).Build(), 4).find("overwrites a slot"), std::string::npos);
}

TEST(WindowProgramRules, ReadingBeforePublishingIsNoticed) {
  WindowProgramBuilder builder;
  const uint32_t number = builder.NewNumber();
  builder.Reduce(number, 1, 0, {Buffer::kInput, 0, 1}, {Buffer::kOutput, 0, 1}, true);
  builder.Publish(number, {Buffer::kInput, 0, 1});
  EXPECT_NE(CheckWindowProgram(std::move(builder).Build(), 4).find("before this rank has published"),
            std::string::npos);
}

TEST(WindowProgramRules, ReadingBeyondThePublishIsNoticed) {
  WindowProgramBuilder builder;
  const uint32_t number = builder.NewNumber();
  builder.Publish(number, {Buffer::kInput, 0, 4});
  builder.Copy(number, 1, 4, 2, {Buffer::kOutput, 0, 3});
  EXPECT_NE(CheckWindowProgram(std::move(builder).Build(), 4).find("reads beyond"), std::string::npos);
}

TEST(WindowProgramRules, PublishesThatAreTooLongAreNoticed) {
  WindowProgramBuilder builder;
  builder.Publish(builder.NewNumber(), {Buffer::kInput, 0, kWindowSlotBytes / 4 + 1});
  EXPECT_NE(CheckWindowProgram(std::move(builder).Build(), 4).find("more than a slot holds"), std::string::npos);
}

TEST(WindowProgramRules, PublishesOutOfOrderAreNoticed) {
  WindowProgramBuilder builder;
  const uint32_t first = builder.NewNumber(), second = builder.NewNumber();
  builder.Publish(second, {Buffer::kInput, 0, 1});
  builder.Publish(first, {Buffer::kInput, 0, 1});
  EXPECT_NE(CheckWindowProgram(std::move(builder).Build(), 4).find("out of order"), std::string::npos);
}

}  // namespace
}  // namespace tutti
