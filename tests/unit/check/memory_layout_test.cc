// SPDX-License-Identifier: Apache-2.0
#include "collectives/check/memory_layout.h"

#include "gtest/gtest.h"

#include "hand_schedule.h"

namespace tutti::check {
namespace {

// The verifier derives sizes and aliasing on its own; the algorithms and the engine use shape.h. They must agree.
TEST(MemoryLayout, AgreesWithTheShapeForEveryCollectiveRankAndRoot) {
  for (int collective = 0; collective < kNumCollectives; ++collective) {
    for (int num_ranks : {1, 2, 3, 5}) {
      for (int root = 0; root < num_ranks; ++root) {
        for (int rank = 0; rank < num_ranks; ++rank) {
          for (bool in_place : {false, true}) {
            const auto kind = static_cast<Collective>(collective);
            const Shape shape = MakeShape(kind, num_ranks, kind == Collective::kBarrier ? 0 : 7, in_place, root);
            const MemoryLayout layout(shape, rank, 11);
            ASSERT_EQ(layout.input().size(), InputElements(shape, rank));
            ASSERT_EQ(layout.output().size(), OutputElements(shape, rank));
            ASSERT_EQ(layout.scratch().size(), 11u);
            ASSERT_FALSE(layout.scratch().Overlaps(layout.input()));
            ASSERT_FALSE(layout.scratch().Overlaps(layout.output()));
            if (in_place && !layout.input().empty() && !layout.output().empty()) {
              ASSERT_EQ(static_cast<int64_t>(layout.input().begin) - static_cast<int64_t>(layout.output().begin),
                        InputOffsetInOutput(shape, rank));
            } else {
              ASSERT_FALSE(layout.input().Overlaps(layout.output()));
            }
          }
        }
      }
    }
  }
}

TEST(MemoryLayout, NamesPlacesByTheBufferThatHoldsThem) {
  const MemoryLayout layout(MakeShape(Collective::kReduceScatter, 3, 4, true), 1, 2);
  EXPECT_EQ(layout.Describe({5, 8}), "output[1..4)");
  EXPECT_EQ(layout.Describe({3, 8}), "input[3..8)");
  EXPECT_EQ(layout.Describe({12, 13}), "scratch[0..1)");
}

}  // namespace
}  // namespace tutti::check
