// SPDX-License-Identifier: Apache-2.0
#include "lib/capi/handle_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace tutti {
namespace {

TEST(HandleTable, FindsWhatWasInsertedUntilItIsRemoved) {
  HandleTable<int*> table;
  int object = 1;
  const auto handle = table.Insert(&object);
  ASSERT_NE(handle, 0u);
  int* found = nullptr;
  EXPECT_TRUE(table.Find(handle, &found));
  EXPECT_EQ(found, &object);
  EXPECT_TRUE(table.Remove(handle, &found));
  EXPECT_FALSE(table.Find(handle, &found));
  EXPECT_FALSE(table.Remove(handle, &found));
}

TEST(HandleTable, APlaceUsedAgainDoesNotReviveTheOldHandle) {
  HandleTable<int*> table;
  int object = 1;
  std::set<uintptr_t> handles;
  int* found = nullptr;
  for (int i = 0; i < 1000; ++i) {
    const auto handle = table.Insert(&object);
    EXPECT_TRUE(handles.insert(handle).second) << "handle given twice";
    EXPECT_TRUE(table.Remove(handle, &found));
  }
  for (uintptr_t handle : handles) EXPECT_FALSE(table.Find(handle, &found));
}

TEST(HandleTable, InventedHandlesAreNotFollowed) {
  HandleTable<int*> table;
  int object = 1;
  table.Insert(&object);
  int* found = nullptr;
  for (uintptr_t invented : {uintptr_t{0}, uintptr_t{1}, ~uintptr_t{0}, uintptr_t{0xdeadbeef}, uintptr_t{2} << 32,
                             reinterpret_cast<uintptr_t>(&object)}) {
    EXPECT_FALSE(table.Find(invented, &found)) << invented;
    EXPECT_FALSE(table.Remove(invented, &found)) << invented;
  }
}

TEST(HandleTable, RemovesWhatIsSelectedAndNothingElse) {
  HandleTable<int*> table;
  int a = 1;
  int b = 2;
  std::vector<uintptr_t> of_a;
  std::vector<uintptr_t> of_b;
  for (int i = 0; i < 600; ++i) {
    of_a.push_back(table.Insert(&a));
    of_b.push_back(table.Insert(&b));
  }
  table.RemoveIf([&](int* object) { return object == &a; });
  int* found = nullptr;
  for (uintptr_t handle : of_a) EXPECT_FALSE(table.Find(handle, &found));
  for (uintptr_t handle : of_b) EXPECT_TRUE(table.Find(handle, &found));
}

TEST(HandleTable, OfTwoThreadsThatRemoveOneHandleOneSucceeds) {
  HandleTable<int*> table;
  int object = 1;
  for (int round = 0; round < 500; ++round) {
    const auto handle = table.Insert(&object);
    std::atomic<int> successes{0};
    const auto remove = [&] {
      int* found = nullptr;
      if (table.Remove(handle, &found)) successes.fetch_add(1);
    };
    std::thread other(remove);
    remove();
    other.join();
    EXPECT_EQ(successes.load(), 1);
  }
}

TEST(HandleTable, ThreadsThatInsertAndRemoveNeverShareAPlace) {
  HandleTable<int*> table;
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&table, &wrong] {
      int mine = 0;
      std::vector<uintptr_t> handles;
      for (int i = 0; i < 5000; ++i) {
        handles.push_back(table.Insert(&mine));
        if (handles.size() < 20) continue;
        for (uintptr_t handle : handles) {
          int* found = nullptr;
          if (!table.Remove(handle, &found) || found != &mine) wrong.fetch_add(1);
        }
        handles.clear();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace tutti
