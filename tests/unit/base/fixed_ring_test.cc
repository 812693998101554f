// SPDX-License-Identifier: Apache-2.0
#include "lib/base/fixed_ring.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "lib/base/prng.h"

namespace tutti {
namespace {

TEST(FixedRing, RefusesWhenFullAndKeepsTheValue) {
  FixedRing<std::unique_ptr<int>> ring(2);
  EXPECT_TRUE(ring.Push(std::make_unique<int>(1)));
  EXPECT_TRUE(ring.Push(std::make_unique<int>(2)));
  auto third = std::make_unique<int>(3);
  EXPECT_FALSE(ring.Push(std::move(third)));
  ASSERT_NE(third, nullptr);
  EXPECT_TRUE(ring.full());
  EXPECT_EQ(*ring.Pop(), 1);
  EXPECT_TRUE(ring.Push(std::move(third)));
}

TEST(FixedRing, HoldsNothingBeforeReserve) {
  FixedRing<int> ring;
  EXPECT_TRUE(ring.empty());
  EXPECT_TRUE(ring.full());
  EXPECT_FALSE(ring.Push(1));
}

TEST(FixedRing, RoundsCapacityUpToAPowerOfTwo) {
  EXPECT_EQ(FixedRing<int>(1).capacity(), 1u);
  EXPECT_EQ(FixedRing<int>(5).capacity(), 8u);
  FixedRing<int> ring(8);
  ring.Reserve(3);
  EXPECT_EQ(ring.capacity(), 8u);
}

TEST(FixedRing, BehavesAsAQueueThroughManyWrapsAndReserves) {
  Prng prng(11);
  FixedRing<int> ring(4);
  std::deque<int> model;
  for (int i = 0; i < 20000; ++i) {
    if (prng.Chance(0.5)) {
      const bool pushed = ring.Push(i);
      ASSERT_EQ(pushed, model.size() < ring.capacity());
      if (pushed) model.push_back(i);
    } else if (!model.empty()) {
      ASSERT_EQ(ring.Front(), model.front());
      ASSERT_EQ(ring.Pop(), model.front());
      model.pop_front();
    }
    if (prng.Chance(0.001)) ring.Reserve(ring.capacity() + 1);
    ASSERT_EQ(ring.size(), model.size());
    for (size_t k = 0; k < model.size() && k < 8; ++k) ASSERT_EQ(ring[k], model[k]);
  }
}

TEST(FixedRing, FreesWhatADroppedElementOwns) {
  auto shared = std::make_shared<int>(7);
  FixedRing<std::shared_ptr<int>> ring(4);
  ASSERT_TRUE(ring.Push(shared));
  ASSERT_TRUE(ring.Push(shared));
  EXPECT_EQ(shared.use_count(), 3);
  ring.DropFront();
  EXPECT_EQ(shared.use_count(), 2);
  ring.Clear();
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(FixedRing, MovesWithItsElements) {
  FixedRing<int> ring(4);
  ASSERT_TRUE(ring.Push(1));
  FixedRing<int> moved = std::move(ring);
  EXPECT_EQ(moved.size(), 1u);
  FixedRing<int> assigned(2);
  assigned = std::move(moved);
  EXPECT_EQ(assigned.Pop(), 1);
}

#if TUTTI_DCHECK_ENABLED
TEST(FixedRingDeathTest, TellsWhenAnEmptyRingIsRead) {
  FixedRing<int> ring(2);
  EXPECT_DEATH(ring.Front(), "element 0 of a ring that holds 0");
}
#endif

}  // namespace
}  // namespace tutti
