// SPDX-License-Identifier: Apache-2.0
// Operations that stand for several, and operations that are bound once: over the simulated network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "sim_job.h"

namespace tutti {
namespace {

TEST(FusedOperation, EndsItsPartsWithTheirResultsAndIsUsedAgain) {
  constexpr int kRanks = 3;
  SimJob job(OptionsFor(kRanks));
  for (int round = 0; round < 3; ++round) {
    std::vector<std::vector<int32_t>> out(kRanks, std::vector<int32_t>(5, -1));
    std::vector<Operation*> parts;
    for (int rank = 0; rank < kRanks; ++rank) {
      Communicator& communicator = job.communicator(rank);
      absl::StatusOr<Operation*> fused = communicator.MakeFused({.collective = Collective::kAllReduce,
                                                                 .count = 5,
                                                                 .type = DataType::kInt32,
                                                                 .in_place = true,
                                                                 .fused_calls = 2,
                                                                 .fused_lengths = 77});
      ASSERT_TRUE(fused.ok()) << fused.status();
      const int32_t packed[5] = {rank, rank + 1, rank + 2, 10 * rank, round};
      std::memcpy((*fused)->user[0], packed, sizeof packed);
      auto& mine = out[static_cast<size_t>(rank)];
      const auto at = [&](size_t i) { return reinterpret_cast<std::byte*>(&mine[i]); };
      Operation* part = &communicator.TakePart();
      (*fused)->fused_parts = {{at(3), 0, 8, part}, {at(0), 8, 12, nullptr}};
      part->MarkRunning();
      communicator.job().engine().Submit(**fused);
      parts.push_back(part);
    }
    EXPECT_THAT(job.Conclude(parts), ::testing::Each(Outcome::kOk));
    for (const auto& mine : out) EXPECT_THAT(mine, ::testing::ElementsAre(9, 30, 3 * round, 3, 6));
  }
  // Each rank has the operation of the all-reduce, and one part.
  EXPECT_EQ(job.communicator(0).Operations().size(), 2u);
}

TEST(BoundOperation, RunsAgainAndAgainAndOthersMayUseItsPlan) {
  constexpr int kRanks = 2;
  SimJob job(OptionsFor(kRanks));
  std::vector<int32_t> values(kRanks, 1), others(kRanks, 1);
  std::vector<Operation*> bound;
  const auto call = [&](std::vector<int32_t>& of, int rank) {
    int32_t* value = &of[static_cast<size_t>(rank)];
    return CollectiveCall{.collective = Collective::kAllReduce,
                          .send = value,
                          .recv = value,
                          .count = 1,
                          .type = DataType::kInt32,
                          .in_place = true};
  };
  for (int rank = 0; rank < kRanks; ++rank) {
    absl::StatusOr<Operation*> operation = job.communicator(rank).Bind(call(values, rank));
    ASSERT_TRUE(operation.ok());
    job.communicator(rank).job().engine().Connect((*operation)->connections);
    bound.push_back(*operation);
  }
  EXPECT_THAT(job.Run([&](int rank) { return call(others, rank); }), ::testing::Each(Outcome::kOk));
  EXPECT_THAT(others, ::testing::Each(2));
  for (int round = 1; round <= 3; ++round) {
    for (int rank = 0; rank < kRanks; ++rank) {
      ASSERT_TRUE(job.communicator(rank).Renew(*bound[static_cast<size_t>(rank)], call(values, rank)).ok());
      job.communicator(rank).job().engine().Submit(*bound[static_cast<size_t>(rank)]);
    }
    ASSERT_TRUE(job.RunUntil([&] { return bound[0]->done() && bound[1]->done(); }));
    EXPECT_EQ(bound[0]->outcome(), Outcome::kOk);
    EXPECT_THAT(values, ::testing::Each(1 << round));
  }
  for (Operation* operation : bound) operation->Release();
}

}  // namespace
}  // namespace tutti
