// SPDX-License-Identifier: Apache-2.0
#include "lib/base/slot_pool.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/prng.h"

namespace tutti {
namespace {

TEST(SlotPool, StaleHandlesGiveNothing) {
  SlotPool<int> pool;
  const auto first = pool.Acquire(1);
  ASSERT_NE(first, SlotPool<int>::kNullHandle);
  EXPECT_EQ(*pool.Get(first), 1);
  EXPECT_TRUE(pool.Release(first));
  EXPECT_EQ(pool.Get(first), nullptr);
  EXPECT_FALSE(pool.Release(first));

  const auto second = pool.Acquire(2);
  EXPECT_EQ(static_cast<uint32_t>(second), static_cast<uint32_t>(first)) << "the slot is used again";
  EXPECT_NE(second, first);
  EXPECT_EQ(pool.Get(first), nullptr);
  EXPECT_EQ(*pool.Get(second), 2);
}

TEST(SlotPool, MadeUpHandlesGiveNothing) {
  SlotPool<int> pool;
  EXPECT_EQ(pool.Get(0), nullptr);
  const auto live = pool.Acquire(1);
  const auto released = pool.Acquire(2);
  ASSERT_TRUE(pool.Release(released));
  EXPECT_EQ(pool.Get(SlotPool<int>::kNullHandle), nullptr);
  EXPECT_EQ(pool.Get(live + 1), nullptr) << "another slot's generation";
  for (uint64_t generation = 0; generation < 8; ++generation) {
    EXPECT_EQ(pool.Get(generation << 32 | static_cast<uint32_t>(released)), nullptr) << "a free slot";
    EXPECT_EQ(pool.Get(generation << 32 | UINT32_MAX), nullptr) << "no slot";
    EXPECT_EQ(pool.Get(generation << 32 | pool.capacity()), nullptr) << "one past the last";
  }
}

TEST(SlotPool, ObjectsNeverMove) {
  SlotPool<std::string, 4> pool;
  const auto first = pool.Acquire("first");
  const std::string* address = pool.Get(first);
  for (int i = 0; i < 1000; ++i) ASSERT_NE(pool.Acquire("x"), 0u);
  EXPECT_EQ(pool.Get(first), address);
  EXPECT_EQ(*address, "first");
}

TEST(SlotPool, StopsAtItsLimit) {
  SlotPool<int, 4> pool(6);
  std::vector<uint64_t> handles;
  for (int i = 0; i < 6; ++i) handles.push_back(pool.Acquire(i));
  EXPECT_EQ(pool.capacity(), 6u);
  EXPECT_EQ(pool.Acquire(6), 0u);
  ASSERT_TRUE(pool.Release(handles[2]));
  EXPECT_NE(pool.Acquire(7), 0u);
  EXPECT_EQ(pool.Acquire(8), 0u);
  EXPECT_EQ(pool.size(), 6u);
}

TEST(SlotPool, DoesNotGrowWithinWhatWasReserved) {
  SlotPool<int, 16> pool(100);
  EXPECT_TRUE(pool.Reserve(50));
  const size_t capacity = pool.capacity();
  EXPECT_GE(capacity, 50u);
  for (int round = 0; round < 10; ++round) {
    std::vector<uint64_t> handles;
    for (int i = 0; i < 50; ++i) handles.push_back(pool.Acquire(i));
    for (uint64_t handle : handles) ASSERT_TRUE(pool.Release(handle));
  }
  EXPECT_EQ(pool.capacity(), capacity);
  EXPECT_FALSE(pool.Reserve(101));
  EXPECT_EQ(pool.capacity(), 100u);
}

TEST(SlotPool, ConstructsAndDestroysEachObjectOnce) {
  auto shared = std::make_shared<int>(0);
  {
    SlotPool<std::shared_ptr<int>> pool;
    const auto a = pool.Acquire(shared);
    ASSERT_NE(pool.Acquire(shared), 0u);
    EXPECT_EQ(shared.use_count(), 3);
    ASSERT_TRUE(pool.Release(a));
    EXPECT_EQ(shared.use_count(), 2);
    pool.Clear();
    EXPECT_EQ(shared.use_count(), 1);
    EXPECT_EQ(pool.size(), 0u);
    ASSERT_NE(pool.Acquire(shared), 0u);
  }
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(SlotPool, AgreesWithAMapThroughRandomUse) {
  Prng prng(5);
  SlotPool<uint64_t, 8> pool(200);
  std::map<uint64_t, uint64_t> live;
  std::vector<uint64_t> released;
  for (int i = 0; i < 20000; ++i) {
    if (prng.Chance(0.52)) {
      const uint64_t value = prng.Next();
      const auto handle = pool.Acquire(value);
      ASSERT_EQ(handle == 0, live.size() == 200);
      if (handle != 0) {
        ASSERT_TRUE(live.emplace(handle, value).second);
      }
    } else if (!live.empty()) {
      auto it = live.lower_bound(prng.Next());
      if (it == live.end()) it = live.begin();
      ASSERT_EQ(*pool.Get(it->first), it->second);
      ASSERT_TRUE(pool.Release(it->first));
      released.push_back(it->first);
      live.erase(it);
    }
    if (!released.empty()) {
      ASSERT_EQ(pool.Get(released[prng.Below(released.size())]), nullptr);
    }
    ASSERT_EQ(pool.size(), live.size());
  }
  std::map<uint64_t, uint64_t> seen;
  pool.ForEach([&](uint64_t handle, uint64_t& value) { seen.emplace(handle, value); });
  EXPECT_EQ(seen, live);
}

TEST(SlotPool, ForEachMayReleaseWhatItVisits) {
  SlotPool<int> pool;
  for (int i = 0; i < 100; ++i) ASSERT_NE(pool.Acquire(i), 0u);
  pool.ForEach([&](uint64_t handle, int& value) {
    if (value % 2 == 0) pool.Release(handle);
  });
  EXPECT_EQ(pool.size(), 50u);
  pool.ForEach([](uint64_t, int& value) { EXPECT_EQ(value % 2, 1); });
}

}  // namespace
}  // namespace tutti
