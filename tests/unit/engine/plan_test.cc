// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectives/schedule/builder.h"

namespace tutti {
namespace {

using ::testing::ElementsAre;

Shape AllReduceOf(int num_ranks, uint64_t count) {
  Shape shape;
  shape.num_ranks = num_ranks;
  shape.count = count;
  return shape;
}

TEST(Plan, TurnsElementsIntoBytesAndRanksIntoJobRanks) {
  ScheduleBuilder builder(AllReduceOf(2, 8), 0);
  builder.Send(1, Input(2, 3));
  builder.Recv(1, Output(5, 3));
  const auto plan = Plan::Compile(std::move(builder).Build(), {40, 70}, DataType::kFloat64, ReduceOp::kSum);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(plan->steps().size(), 2u);
  EXPECT_EQ(plan->steps()[0].peer, 70);
  EXPECT_EQ(plan->steps()[0].bytes, 24u);
  EXPECT_EQ(plan->source(plan->steps()[0], 0).offset_bytes, 16u);
  EXPECT_EQ(plan->steps()[1].dst.offset_bytes, 40u);
  EXPECT_THAT(plan->peers(), ElementsAre(70));
  EXPECT_EQ(plan->num_ranks(), 2u);
}

TEST(Plan, SuccessorsAreTheInverseOfDependencies) {
  ScheduleBuilder builder(AllReduceOf(3, 4), 0);
  const auto first = builder.Recv(1, Output(0, 4));
  const auto second = builder.Send(2, Output(0, 4));
  builder.Send(1, Output(0, 4), {second});
  (void)first;
  const auto plan = Plan::Compile(std::move(builder).Build(), {0, 1, 2}, DataType::kFloat32, ReduceOp::kSum);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->initial_steps(), ElementsAre(0));
  std::vector<uint32_t> counted(plan->steps().size(), 0);
  for (const PlanStep& step : plan->steps()) {
    for (uint32_t successor : plan->SuccessorsOf(step)) ++counted[successor];
  }
  EXPECT_EQ(counted, plan->dependency_counts());
  EXPECT_EQ(counted[1], 1u);
  EXPECT_GE(counted[2], 1u);
}

TEST(Plan, OnlyAnAverageIsFinished) {
  for (ReduceOp op : {ReduceOp::kSum, ReduceOp::kAvg}) {
    ScheduleBuilder builder(AllReduceOf(2, 4), 0);
    builder.RecvReduce(1, Output(0, 4), Input(0, 4), ScheduleBuilder::Order::kMessageLast,
                       ScheduleBuilder::Completes::kYes);
    const auto plan = Plan::Compile(std::move(builder).Build(), {0, 1}, DataType::kFloat32, op);
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->steps()[0].finish, op == ReduceOp::kAvg);
  }
}

TEST(Plan, RefusesRanksOutsideTheGroup) {
  ScheduleBuilder builder(AllReduceOf(4, 4), 0);
  builder.Send(3, Input(0, 4));
  const auto plan = Plan::Compile(std::move(builder).Build(), {0, 1}, DataType::kFloat32, ReduceOp::kSum);
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(std::string(plan.status().message()), ::testing::HasSubstr("outside the communicator"));
}

}  // namespace
}  // namespace tutti
