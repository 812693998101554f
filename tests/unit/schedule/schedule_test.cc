// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/schedule.h"

#include <utility>

#include "gtest/gtest.h"

#include "collectives/schedule/builder.h"

namespace tutti {
namespace {

TEST(DescribeSchedule, SaysWhatEachStepDoes) {
  Shape shape;
  shape.num_ranks = 4;
  shape.count = 256;
  ScheduleBuilder builder(shape, 0);
  const Region scratch = builder.Scratch(128);
  builder.Send(1, Input(0, 128));
  builder.Recv(3, scratch);
  builder.RecvReduce(3, Output(0, 128), Input(0, 128), ScheduleBuilder::Order::kMessageFirst,
                     ScheduleBuilder::Completes::kNo);
  builder.Reduce(Output(0, 128), {Output(0, 128), scratch}, ScheduleBuilder::Completes::kYes);
  builder.Copy(Output(128, 128), Input(128, 128));
  EXPECT_EQ(DescribeSchedule(std::move(builder).Build()),
            "step 0: send input[0..128) as message 0 to rank 1\n"
            "step 1: recv scratch[0..128) = message 0 from rank 3\n"
            "step 2: recv_reduce output[0..128) = message 1 from rank 3 op input[0..128)\n"
            "step 3: reduce output[0..128) = output[0..128) op scratch[0..128), complete after 1, 2\n"
            "step 4: copy output[128..256) = input[128..256)\n");
}

TEST(DescribeStep, SurvivesMalformedSchedules) {
  Schedule schedule;
  EXPECT_EQ(DescribeStep(schedule, 3), "step 3: not in the schedule");
  Step step;
  step.kind = StepKind::kSend;
  step.first_source = 7;
  step.num_sources = 1;
  step.first_dependency = ~uint32_t{0};
  step.num_dependencies = 2;
  schedule.steps.push_back(step);
  EXPECT_EQ(DescribeStep(schedule, 0), "step 0: send nothing as message 0 to rank -1");
}

TEST(Shape, CountsFollowTheCApi) {
  Shape shape;
  shape.num_ranks = 4;
  shape.root = 1;
  shape.count = 10;
  const auto elements = [&](Collective collective, int rank) {
    shape.collective = collective;
    return std::pair(InputElements(shape, rank), OutputElements(shape, rank));
  };
  EXPECT_EQ(elements(Collective::kAllReduce, 0), std::pair(uint64_t{10}, uint64_t{10}));
  EXPECT_EQ(elements(Collective::kBroadcast, 1), std::pair(uint64_t{10}, uint64_t{10}));
  EXPECT_EQ(elements(Collective::kBroadcast, 0), std::pair(uint64_t{0}, uint64_t{10}));
  EXPECT_EQ(elements(Collective::kReduce, 1), std::pair(uint64_t{10}, uint64_t{10}));
  EXPECT_EQ(elements(Collective::kReduce, 0), std::pair(uint64_t{10}, uint64_t{0}));
  EXPECT_EQ(elements(Collective::kAllGather, 2), std::pair(uint64_t{10}, uint64_t{40}));
  EXPECT_EQ(elements(Collective::kReduceScatter, 2), std::pair(uint64_t{40}, uint64_t{10}));
  EXPECT_EQ(elements(Collective::kAllToAll, 2), std::pair(uint64_t{40}, uint64_t{40}));
  EXPECT_EQ(elements(Collective::kGather, 1), std::pair(uint64_t{10}, uint64_t{40}));
  EXPECT_EQ(elements(Collective::kGather, 2), std::pair(uint64_t{10}, uint64_t{0}));
  EXPECT_EQ(elements(Collective::kScatter, 1), std::pair(uint64_t{40}, uint64_t{10}));
  EXPECT_EQ(elements(Collective::kScatter, 2), std::pair(uint64_t{0}, uint64_t{10}));
  EXPECT_EQ(elements(Collective::kBarrier, 2), std::pair(uint64_t{0}, uint64_t{0}));
}

TEST(Shape, InPlaceOffsetsFollowTheCApi) {
  Shape shape;
  shape.num_ranks = 4;
  shape.count = 10;
  EXPECT_EQ(InputOffsetInOutput(shape, 3), 0);
  shape.collective = Collective::kAllGather;
  EXPECT_EQ(InputOffsetInOutput(shape, 3), 30);
  shape.collective = Collective::kReduceScatter;
  EXPECT_EQ(InputOffsetInOutput(shape, 3), -30);
  shape.collective = Collective::kAllToAll;
  EXPECT_EQ(InputOffsetInOutput(shape, 3), 0);
}

TEST(Shape, UnevenBlocksFollowTheCApi) {
  const std::vector<size_t> counts = {3, 0, 5}, offsets = {6, 0, 0};
  RankBlocks blocks;
  Shape shape;
  shape.num_ranks = 3;
  shape.root = 2;
  shape.blocks = absl::MakeConstSpan(&blocks, 1);
  shape.collective = Collective::kAllGather;
  blocks = {.output = {counts, offsets}, .own = 3};
  EXPECT_EQ(InputElements(shape, 0), 3u);
  EXPECT_EQ(OutputElements(shape, 0), 9u);
  EXPECT_EQ(InputOffsetInOutput(shape, 0), 6);
  EXPECT_EQ(OutputBlock(shape, 0, 2), Output(0, 5));
  EXPECT_EQ(InputBlock(shape, 0, 2), Input(0, 3));
  shape.collective = Collective::kReduceScatter;
  blocks = {.input = {counts, {}}, .own = 5};
  EXPECT_EQ(InputElements(shape, 2), 8u);
  EXPECT_EQ(OutputElements(shape, 2), 5u);
  EXPECT_EQ(InputOffsetInOutput(shape, 2), -3);
  EXPECT_EQ(InputBlock(shape, 2, 2), Input(3, 5));
  shape.collective = Collective::kScatter;
  EXPECT_EQ(InputElements(shape, 2), 8u);
  EXPECT_EQ(InputElements(shape, 1), 0u);
  shape.collective = Collective::kGather;
  blocks = {.output = {counts, {}}, .own = 5};
  EXPECT_EQ(OutputElements(shape, 2), 8u);
  EXPECT_EQ(OutputElements(shape, 1), 0u);
  EXPECT_EQ(InputElements(shape, 2), 5u);
}

TEST(OwnedBlocks, AreACopyWithOffsetsIfWanted) {
  std::vector<size_t> counts = {3, 0, 5};
  const RankBlocks blocks = {.input = {counts, {}}, .own = 7};
  const OwnedBlocks same(absl::MakeConstSpan(&blocks, 1));
  const OwnedBlocks written(absl::MakeConstSpan(&blocks, 1), OwnedBlocks::Offsets::kWrittenOut);
  counts = {9, 9, 9};
  EXPECT_TRUE(same.ranks()[0].input.offsets.empty());
  EXPECT_EQ(same.ranks()[0].input.Extent(), 8u);
  EXPECT_EQ(std::vector<size_t>(written.ranks()[0].input.offsets.begin(), written.ranks()[0].input.offsets.end()),
            (std::vector<size_t>{0, 3, 3}));
  EXPECT_TRUE(written.ranks()[0].output.counts.empty());
  EXPECT_EQ(written.ranks()[0].own, 7u);
}

TEST(Shape, CollectivesHaveNames) {
  EXPECT_STREQ(CollectiveName(Collective::kReduceScatter), "reduce_scatter");
  EXPECT_STREQ(CollectiveName(static_cast<Collective>(99)), "unknown");
}

}  // namespace
}  // namespace tutti
