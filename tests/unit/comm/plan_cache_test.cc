// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/plan_cache.h"

#include <gtest/gtest.h>

#include "collectives/schedule/builder.h"

namespace tutti {
namespace {

class PlanCacheTest : public ::testing::Test {
 protected:
  PlanKey KeyOf(uint64_t count) {
    PlanKey key;
    key.shape.num_ranks = 2;
    key.shape.count = count;
    key.type = DataType::kFloat32;
    return key;
  }

  Operation& Acquire(uint64_t count, uint64_t scratch_elements = 0) {
    const PlanKey key = KeyOf(count);
    auto acquired = cache_.Acquire(key, [&]() -> absl::StatusOr<Plan> {
      ++compiled_;
      ScheduleBuilder builder(key.shape, 0);
      builder.Send(1, Input(0, key.shape.count));
      if (scratch_elements > 0) builder.Recv(1, builder.Scratch(scratch_elements));
      return Plan::Compile(std::move(builder).Build(), {0, 1}, key.type, key.op);
    });
    EXPECT_TRUE(acquired.ok()) << acquired.status();
    EXPECT_EQ(acquired->first_use_of_plan, compiled_ > known_);
    known_ = compiled_;
    return *acquired->operation;
  }

  PlanCache cache_;
  int compiled_ = 0;
  int known_ = 0;
};

TEST_F(PlanCacheTest, ARepeatedCallCompilesOnceAndUsesTheSameOperation) {
  Operation& first = Acquire(10);
  first.Release();
  Operation& second = Acquire(10);
  EXPECT_EQ(&first, &second);
  EXPECT_EQ(compiled_, 1);
}

TEST_F(PlanCacheTest, CallsInFlightGetOperationsOfTheirOwnOverOnePlan) {
  Operation& first = Acquire(10);
  Operation& second = Acquire(10);
  EXPECT_NE(&first, &second);
  EXPECT_EQ(&first.plan(), &second.plan());
  EXPECT_EQ(compiled_, 1);
}

TEST_F(PlanCacheTest, DifferentShapesHaveDifferentPlans) {
  Acquire(10).Release();
  Acquire(11).Release();
  Acquire(10).Release();
  EXPECT_EQ(compiled_, 2);
}

TEST_F(PlanCacheTest, TheNumberOfPlansIsBoundedAndTheOldestGoFirst) {
  for (uint64_t count = 1; count <= PlanCache::kMaxEntries + 10; ++count) Acquire(count).Release();
  EXPECT_EQ(cache_.size(), PlanCache::kMaxEntries);
  const int before = compiled_;
  Acquire(PlanCache::kMaxEntries + 10).Release();
  EXPECT_EQ(compiled_, before);
  Acquire(1).Release();
  EXPECT_EQ(compiled_, before + 1);
}

TEST_F(PlanCacheTest, OperationsInUseAreNeverDropped) {
  Operation& kept = Acquire(1);
  for (uint64_t count = 2; count <= PlanCache::kMaxEntries + 10; ++count) Acquire(count).Release();
  EXPECT_TRUE(kept.in_use());
  EXPECT_EQ(kept.plan().steps().size(), 1u);
  kept.Release();
  EXPECT_EQ(&Acquire(1), &kept);
}

TEST_F(PlanCacheTest, BlocksAreComparedByWhatTheyHold) {
  std::vector<size_t> counts = {3, 4};
  const auto acquire = [&] {
    const RankBlocks blocks = {.output = {counts, {}}, .own = counts[0]};
    PlanKey key = KeyOf(7);
    key.shape.collective = Collective::kAllGather;
    key.shape.blocks = absl::MakeConstSpan(&blocks, 1);
    auto acquired = cache_.Acquire(key, [&]() -> absl::StatusOr<Plan> {
      ++compiled_;
      ScheduleBuilder builder(key.shape, 0);
      builder.Send(1, Input(0, 3));
      return Plan::Compile(std::move(builder).Build(), {0, 1}, key.type, key.op);
    });
    acquired->operation->Release();
  };
  acquire();
  acquire();
  EXPECT_EQ(compiled_, 1);
  counts = {4, 3};
  acquire();
  EXPECT_EQ(compiled_, 2);
  Acquire(7).Release();  // without blocks
  EXPECT_EQ(compiled_, 3);
  counts = {3, 4};
  acquire();
  EXPECT_EQ(compiled_, 3);
}

}  // namespace
}  // namespace tutti
