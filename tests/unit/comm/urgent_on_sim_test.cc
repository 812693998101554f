// SPDX-License-Identifier: Apache-2.0
// What is urgent comes first, and what has to wait for it is not run after its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "collectives/algorithms/registry.h"
#include "sim_job.h"

namespace tutti {
namespace {

CollectiveCall Broadcast(const std::vector<int32_t>& from, std::vector<int32_t>& to) {
  return {.collective = Collective::kBroadcast,
          .send = from.data(),
          .recv = to.data(),
          .count = to.size(),
          .type = DataType::kInt32,
          .algorithm = FindAlgorithm(Collective::kBroadcast, "binomial")};
}

// A rank that is alone copies. The second copy reads what the first one writes, so what it finds tells which came first.
TEST(Urgent, LocalStepsOvertakeThoseOfOthers) {
  for (const bool urgent : {false, true}) {
    SimJob job(OptionsFor(1));
    const std::vector<int32_t> first = {1, 1};
    std::vector<int32_t> middle = {0, 0}, last = {7, 7};
    CollectiveCall second = Broadcast(middle, last);
    second.urgent = urgent;
    std::vector<Operation*> operations;
    for (const CollectiveCall& call : {Broadcast(first, middle), second}) {
      absl::StatusOr<Operation*> operation = job.communicator(0).Start(call);
      ASSERT_TRUE(operation.ok());
      operations.push_back(*operation);
    }
    EXPECT_THAT(job.Conclude(operations), ::testing::Each(Outcome::kOk));
    EXPECT_THAT(last, ::testing::Each(urgent ? 0 : 1));
  }
}

// While something urgent waits for its peer, others do a bounded amount of work a turn; what is left when the communicator fails
// is not done any more: buffers are the caller's then.
TEST(Urgent, OthersGoOnInTurnsAndStopWhenTheyHaveFailed) {
  SimJob job(OptionsFor(2));
  Communicator& communicator = job.communicator(0);
  std::vector<int32_t> small = {1};
  CollectiveCall urgent = {.collective = Collective::kAllReduce,
                           .send = small.data(),
                           .recv = small.data(),
                           .count = 1,
                           .type = DataType::kInt32,
                           .in_place = true,
                           .urgent = true};
  std::vector<Operation*> operations = {*communicator.Start(urgent)};
  const std::vector<int32_t> from(100'000, 5);
  std::vector<std::vector<int32_t>> to(3, std::vector<int32_t>(2 * from.size(), 0));
  for (auto& vector : to) {  // each begins by copying what is its own
    operations.push_back(*communicator.Start({.collective = Collective::kAllGather,
                                              .send = from.data(),
                                              .recv = vector.data(),
                                              .count = from.size(),
                                              .type = DataType::kInt32,
                                              .algorithm = FindAlgorithm(Collective::kAllGather, "spread")}));
  }
  communicator.job().engine().Poll();
  EXPECT_EQ(to[0].front(), 5) << "as much as fits into a turn";
  EXPECT_EQ(to[2].front(), 0) << "the rest waits";
  EXPECT_TRUE(communicator.Fail(Outcome::kAborted, "test"));
  EXPECT_THAT(job.Conclude(operations), ::testing::Each(Outcome::kAborted));
  for (int i = 0; i < 10; ++i) communicator.job().engine().Poll();
  EXPECT_EQ(to[2].front(), 0) << "nothing is written after the end";
}

}  // namespace
}  // namespace tutti
