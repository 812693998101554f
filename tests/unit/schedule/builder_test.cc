// SPDX-License-Identifier: Apache-2.0
#include "collectives/schedule/builder.h"

#include <chrono>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Order = ScheduleBuilder::Order;
using Completes = ScheduleBuilder::Completes;

Shape ShapeOf(Collective collective, int num_ranks, uint64_t count, bool in_place = false) {
  Shape shape;
  shape.collective = collective;
  shape.num_ranks = num_ranks;
  shape.count = count;
  shape.in_place = in_place;
  return shape;
}

std::vector<uint32_t> After(const Schedule& schedule, uint32_t step) {
  const auto dependencies = schedule.DependenciesOf(schedule.steps[step]);
  return {dependencies.begin(), dependencies.end()};
}

TEST(ScheduleBuilder, AReadWaitsForTheWriteOfTheSameBytes) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 2, 100), 0);
  builder.Recv(1, Output(0, 50));
  builder.Send(1, Output(49, 1));
  builder.Send(1, Output(50, 50));
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 1), ElementsAre(0));
  EXPECT_THAT(After(schedule, 2), IsEmpty()) << "the bytes next to it are free";
}

TEST(ScheduleBuilder, AReadWaitsForAllWritesThatMadeItsBytes) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 3, 100), 0);
  builder.Recv(1, Output(0, 50));
  builder.Recv(2, Output(50, 50));
  builder.Send(1, Output(40, 20));
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 1), IsEmpty());
  EXPECT_THAT(After(schedule, 2), ElementsAre(0, 1));
}

TEST(ScheduleBuilder, AWriteWaitsForEveryReaderOfItsBytes) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 3, 100), 0);
  builder.Send(1, Output(0, 100));
  builder.Send(2, Output(0, 30));
  builder.Recv(1, Output(30, 10));
  builder.Recv(1, Output(0, 30));
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 2), ElementsAre(0)) << "step 1 did not read there";
  EXPECT_THAT(After(schedule, 3), ElementsAre(0, 1));
}

TEST(ScheduleBuilder, AWriteWaitsForTheWriteBefore) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 2, 100), 0);
  builder.Recv(1, Output(0, 100));
  builder.Recv(1, Output(10, 10));
  builder.Recv(1, Output(0, 100));
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 1), ElementsAre(0));
  EXPECT_THAT(After(schedule, 2), ElementsAre(1)) << "step 0 comes before step 1 anyway";
}

TEST(ScheduleBuilder, ReadersDoNotWaitForEachOther) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 3, 100), 0);
  builder.Recv(1, Output(0, 100));
  builder.Send(1, Output(0, 100));
  builder.Send(2, Output(0, 100));
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 1), ElementsAre(0));
  EXPECT_THAT(After(schedule, 2), ElementsAre(0));
}

TEST(ScheduleBuilder, AStepThatReadsAndWritesTheSameBytesDoesNotWaitForItself) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 2, 10), 0);
  builder.Recv(1, Output(0, 10));
  builder.RecvReduce(1, Output(0, 10), Output(0, 10), Order::kMessageLast, Completes::kYes);
  builder.Send(1, Output(0, 10));
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 1), ElementsAre(0));
  EXPECT_THAT(After(schedule, 2), ElementsAre(1));
}

TEST(ScheduleBuilder, BuffersOfTheirOwnDoNotDisturbEachOther) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 2, 10), 0);
  const Region scratch = builder.Scratch(10);
  builder.Send(1, Input(0, 10));
  builder.Recv(1, scratch);
  builder.Recv(1, Output(0, 10));
  const Schedule schedule = std::move(builder).Build();
  for (uint32_t step = 0; step < 3; ++step) EXPECT_THAT(After(schedule, step), IsEmpty());
}

TEST(ScheduleBuilder, InPlaceTheOutputWaitsForReadersOfTheInput) {
  for (bool in_place : {false, true}) {
    ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 2, 10, in_place), 0);
    builder.Send(1, Input(0, 5));
    builder.Recv(1, Output(4, 6));
    const Schedule schedule = std::move(builder).Build();
    EXPECT_EQ(After(schedule, 1).size(), in_place ? 1u : 0u);
  }
}

TEST(ScheduleBuilder, InPlaceReduceScatterSharesOnlyTheRanksOwnChunk) {
  // Rank 2's output is elements 20..30 of its input.
  ScheduleBuilder builder(ShapeOf(Collective::kReduceScatter, 4, 10, /*in_place=*/true), 2);
  builder.Send(1, Input(0, 20));
  builder.Send(1, Input(25, 10));
  builder.Recv(1, Output(0, 5));
  builder.Recv(1, Output(5, 5));
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 2), IsEmpty());
  EXPECT_THAT(After(schedule, 3), ElementsAre(1));
}

TEST(ScheduleBuilder, InPlaceAllGatherFindsTheInputInsideTheOutput) {
  // Rank 2's input is elements 20..30 of its output.
  ScheduleBuilder builder(ShapeOf(Collective::kAllGather, 4, 10, /*in_place=*/true), 2);
  builder.Recv(1, Output(0, 20));
  builder.Send(1, Input(0, 10));
  builder.Recv(3, Output(15, 6));
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 1), IsEmpty());
  EXPECT_THAT(After(schedule, 2), ElementsAre(0, 1));
}

TEST(ScheduleBuilder, InPlaceMeansNothingWhereARankHasOnlyOneBuffer) {
  ScheduleBuilder builder(ShapeOf(Collective::kReduce, 2, 10, /*in_place=*/true), 1);
  const Region scratch = builder.Scratch(10);
  builder.RecvReduce(0, scratch, Input(0, 10), Order::kMessageLast, Completes::kNo);
  builder.Send(0, scratch);
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 0), IsEmpty());
  EXPECT_THAT(After(schedule, 1), ElementsAre(0));
}

TEST(ScheduleBuilder, DropsDependenciesThatFollowFromOthers) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 2, 10), 0);
  builder.Recv(1, Output(0, 10));                                                          // 0
  builder.Copy(builder.Scratch(5), Output(0, 5));                                          // 1 after 0
  builder.RecvReduce(1, Output(0, 5), Output(0, 5), Order::kMessageLast, Completes::kNo);  // 2 after 1
  builder.Send(1, Output(0, 10));                                                          // 3 after 2 and 0
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 2), ElementsAre(1));
  EXPECT_THAT(After(schedule, 3), ElementsAre(2));
}

TEST(ScheduleBuilder, KeepsWishesAndPassesOverNoStep) {
  ScheduleBuilder builder(ShapeOf(Collective::kBarrier, 3, 0), 0);
  const auto first = builder.Recv(1, Output(0, 0));
  const auto second = builder.Recv(2, Output(0, 0), {first, ScheduleBuilder::kNoStep});
  builder.Send(1, Input(0, 0), {first, second, second});
  const Schedule schedule = std::move(builder).Build();
  EXPECT_THAT(After(schedule, 1), ElementsAre(0));
  EXPECT_THAT(After(schedule, 2), ElementsAre(1));
}

TEST(ScheduleBuilder, NumbersMessagesPerPeerAndDirection) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 3, 10), 0);
  builder.Send(1, Input(0, 1));
  builder.Recv(1, Output(0, 1));
  builder.Send(2, Input(0, 1));
  builder.RecvReduce(1, Output(1, 1), Input(1, 1), Order::kMessageLast, Completes::kNo);
  builder.Send(1, Input(0, 1));
  const Schedule schedule = std::move(builder).Build();
  std::vector<uint32_t> messages;
  for (const Step& step : schedule.steps) messages.push_back(step.message);
  EXPECT_THAT(messages, ElementsAre(0, 0, 0, 1, 1));
}

TEST(ScheduleBuilder, KeepsEmptyMessagesAndLeavesOutEmptyArithmetic) {
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 2, 0), 0);
  EXPECT_EQ(builder.Copy(Output(0, 0), Input(0, 0)), ScheduleBuilder::kNoStep);
  EXPECT_EQ(builder.Reduce(Output(0, 0), {Input(0, 0)}, Completes::kYes), ScheduleBuilder::kNoStep);
  EXPECT_EQ(builder.CopyInputToOutput(), ScheduleBuilder::kNoStep);
  EXPECT_EQ(builder.Send(1, Input(0, 0)), 0u);
  EXPECT_EQ(builder.Recv(1, Output(0, 0)), 1u);
  EXPECT_EQ(std::move(builder).Build().steps.size(), 2u);
}

TEST(ScheduleBuilder, CopiesInputToOutputOnlyWhereTheyDiffer) {
  for (bool in_place : {false, true}) {
    ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 1, 7, in_place), 0);
    builder.CopyInputToOutput();
    EXPECT_EQ(std::move(builder).Build().steps.size(), in_place ? 0u : 1u);
  }
}

TEST(ScheduleBuilder, ScratchPlacesAreApartAndBeginOnCacheLines) {
  Shape shape = ShapeOf(Collective::kAllReduce, 2, 10);
  shape.element_bytes = 2;
  ScheduleBuilder builder(shape, 0);
  EXPECT_EQ(builder.Scratch(3), (Region{Buffer::kScratch, 0, 3}));
  EXPECT_EQ(builder.Scratch(0).count, 0u);
  EXPECT_EQ(builder.Scratch(40), (Region{Buffer::kScratch, 32, 40}));
  EXPECT_EQ(std::move(builder).Build().scratch_elements, 72u);
}

TEST(ScheduleBuilder, BuildsAHundredThousandStepsInMuchLessThanASecond) {
  constexpr uint64_t kPieces = 25'000;
  const auto start = std::chrono::steady_clock::now();
  ScheduleBuilder builder(ShapeOf(Collective::kAllReduce, 4, 10 * kPieces, /*in_place=*/true), 0);
  for (int round = 0; round < 2; ++round) {
    for (uint64_t i = 0; i < kPieces; ++i) builder.Send(1, Output(10 * i, 10));
    for (uint64_t i = 0; i < kPieces; ++i) {
      builder.RecvReduce(2, Output(10 * i, 10), Input(10 * i, 10), Order::kMessageLast, Completes::kNo);
    }
  }
  const Schedule schedule = std::move(builder).Build();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(schedule.steps.size(), 4 * kPieces);
  EXPECT_EQ(schedule.dependencies.size(), 3 * kPieces) << "each step waits for the one before at its place";
  EXPECT_LT(seconds.count(), 5.0) << "some 20 ms are usual; this leaves room for sanitizers on a busy machine";
}

}  // namespace
}  // namespace tutti
