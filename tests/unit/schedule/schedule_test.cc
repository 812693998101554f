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

TEST(Shape, CollectivesHaveNames) {
  EXPECT_STREQ(CollectiveName(Collective::kReduceScatter), "reduce_scatter");
  EXPECT_STREQ(CollectiveName(static_cast<Collective>(99)), "unknown");
}

}  // namespace
}  // namespace tutti
