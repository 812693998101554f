// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/interval_map.h"

#include <vector>

#include "gtest/gtest.h"

#include "lib/base/prng.h"

namespace tutti::check {
namespace {

std::vector<int> Expand(const IntervalMap<int>& map, const AddressRange& range) {
  std::vector<int> values;
  map.Visit(range, [&](const AddressRange& part, int value) {
    values.insert(values.end(), part.size(), value);
    return true;
  });
  return values;
}

TEST(IntervalMap, BehavesLikeAnArray) {
  constexpr uint64_t kSize = 40;
  Prng prng(1);
  IntervalMap<int> map(kSize, 0);
  std::vector<int> array(kSize, 0);
  for (int round = 1; round < 2000; ++round) {
    const uint64_t begin = prng.Below(kSize + 1);
    const AddressRange range{begin, begin + prng.Below(kSize - begin + 1)};
    if (prng.Chance(0.5)) {
      map.Assign(range, round);
      for (uint64_t i = range.begin; i < range.end; ++i) array[i] = round;
    } else {
      map.Update(range, [](int& value) { value = -value; });
      for (uint64_t i = range.begin; i < range.end; ++i) array[i] = -array[i];
    }
    ASSERT_EQ(Expand(map, {0, kSize}), array) << "round " << round;
    ASSERT_LE(map.num_stretches(), kSize);
    const AddressRange part{range.begin / 2, range.end};
    ASSERT_EQ(Expand(map, part), std::vector<int>(array.begin() + static_cast<std::ptrdiff_t>(part.begin),
                                                  array.begin() + static_cast<std::ptrdiff_t>(part.end)));
  }
}

TEST(IntervalMap, ForgetsBordersThatAnAssignmentCovers) {
  IntervalMap<int> map(100, 0);
  for (uint64_t i = 0; i < 100; i += 2) map.Assign({i, i + 1}, 1);
  EXPECT_EQ(map.num_stretches(), 100u);
  map.Assign({0, 100}, 2);
  EXPECT_EQ(map.num_stretches(), 1u);
}

TEST(IntervalMap, HoldsNothingWhenItIsEmpty) {
  IntervalMap<int> map(0, 5);
  map.Assign({0, 0}, 6);
  map.Update({0, 0}, [](int& value) { ++value; });
  EXPECT_EQ(map.num_stretches(), 0u);
  EXPECT_TRUE(Expand(map, {0, 0}).empty());
}

}  // namespace
}  // namespace tutti::check
