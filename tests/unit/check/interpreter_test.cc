// SPDX-License-Identifier: Apache-2.0
// The reference interpreter: right results for right schedules, wrong ones for races, whatever the seed decides.
#include "collectives/check/interpreter.h"

#include <numeric>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "hand_schedule.h"

namespace tutti::check {
namespace {

// Average of int64, with the sum held in units of the number of ranks.
struct Average {
  using Element = int64_t;
  int64_t num_ranks;

  int64_t Combine(int64_t left, int64_t right) const { return left + right; }
  int64_t CombineMany(absl::Span<const int64_t> operands) const {
    return std::accumulate(operands.begin(), operands.end(), int64_t{0});
  }
  int64_t Finish(int64_t sum) const { return sum / num_ranks; }
  int64_t Garbage(Prng& prng) const { return static_cast<int64_t>(prng.Next() >> 1); }
};

// Not commutative and not associative: tells apart all expressions that differ.
struct Difference {
  using Element = double;
  double Combine(double left, double right) const { return left - 2 * right; }
  double CombineMany(absl::Span<const double> operands) const {
    double result = operands[0];
    for (double operand : operands.subspan(1)) result = result - 3 * operand;
    return result;
  }
  double Finish(double sum) const { return -sum; }
  double Garbage(Prng& prng) const { return prng.Unit() + 1000; }
};

constexpr uint64_t kSeeds = 200;

TEST(Interpreter, AveragesAlongAChainUnderEverySeed) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto result = Interpreter<Average>::Run(MakeShape(Collective::kAllReduce, 3, 2), ChainAllReduce(2),
                                                  {{1, 10}, {2, 20}, {3, 30}}, Average{3}, {.seed = seed});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_THAT(result->outputs, testing::Each(testing::ElementsAre(2, 20))) << "seed " << seed;
    EXPECT_THAT(result->inputs, testing::ElementsAre(testing::ElementsAre(1, 10), testing::ElementsAre(2, 20),
                                                     testing::ElementsAre(3, 30)));
  }
}

TEST(Interpreter, KeepsTheOrderOfOperands) {
  const std::vector<std::vector<double>> inputs = {{1}, {10}};
  const Shape shape = MakeShape(Collective::kAllReduce, 2, 1);
  const auto two = Interpreter<Difference>::Run(shape, PairAllReduce(1), inputs, Difference{}, {});
  ASSERT_TRUE(two.ok()) << two.status();
  EXPECT_THAT(two->outputs, testing::Each(testing::ElementsAre(19)));  // -(1 - 2 * 10)
  const auto many = Interpreter<Difference>::Run(shape, PairAllReduceInPlace(1), inputs, Difference{}, {});
  ASSERT_TRUE(many.ok()) << many.status();
  EXPECT_THAT(many->outputs, testing::Each(testing::ElementsAre(29)));  // -(1 - 3 * 10)
}

TEST(Interpreter, SharesMemoryInPlace) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto result =
        Interpreter<Average>::Run(MakeShape(Collective::kAllReduce, 2, 2, true), PairAllReduceInPlace(2),
                                  {{2, 4}, {6, 8}}, Average{2}, {.seed = seed});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_THAT(result->outputs, testing::Each(testing::ElementsAre(4, 6)));
    EXPECT_EQ(result->inputs, result->outputs);
  }
}

TEST(Interpreter, ShowsARaceUnderSomeSeed) {
  Schedules schedules = PairAllReduceInPlace(2);
  schedules[1].dependencies[0] = 1;  // the reduction no longer waits for the send
  int wrong = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto result = Interpreter<Average>::Run(MakeShape(Collective::kAllReduce, 2, 2, true), schedules,
                                                  {{2, 4}, {6, 8}}, Average{2}, {.seed = seed});
    ASSERT_TRUE(result.ok()) << result.status();
    wrong += result->outputs[0] != std::vector<int64_t>{4, 6} ? 1 : 0;
  }
  EXPECT_GT(wrong, 0);
  EXPECT_LT(wrong, static_cast<int>(kSeeds));
}

TEST(Interpreter, HaltsWhereSendsWaitForEachOtherUnlessTheyAreBuffered) {
  const Schedules schedules = {Hand().Send(1, 0, In(0, 1)).RecvReduce(1, 0, Out(0, 1), In(0, 1), {0}),
                               Hand().Send(0, 0, In(0, 1)).RecvReduce(0, 0, Out(0, 1), In(0, 1), {0})};
  const Shape shape = MakeShape(Collective::kAllReduce, 2, 1);
  int ended = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto synchronous = Interpreter<Average>::Run(shape, schedules, {{1}, {2}}, Average{2},
                                                       {.seed = seed, .sends = SendMode::kSynchronous});
    EXPECT_EQ(synchronous.status().code(), absl::StatusCode::kFailedPrecondition);
    const auto either = Interpreter<Average>::Run(shape, schedules, {{1}, {2}}, Average{2}, {.seed = seed});
    ended += either.ok() ? 1 : 0;
  }
  EXPECT_GT(ended, 0);
}

TEST(Interpreter, PostsReceivesInOrderWhenTheyAreLimited) {
  const Shape shape = MakeShape(Collective::kBroadcast, 3, 0);
  const Schedules crossed = {Hand().Recv(2, 0, Out(0, 0)).Send(1, 0, In(0, 0), {0}).Send(1, 1, In(0, 0)),
                             Hand().Recv(0, 0, Out(0, 0)).Recv(0, 1, Out(0, 0)).Send(2, 0, Out(0, 0), {1}),
                             Hand().Recv(1, 0, Out(0, 0)).Send(0, 0, Out(0, 0), {0})};
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    InterleavingOptions options = {
        .seed = seed, .sends = SendMode::kSynchronous, .max_outstanding_receives_per_peer = 2};
    EXPECT_TRUE(Interpreter<Average>::Run(shape, crossed, {{}, {}, {}}, Average{3}, options).ok());
    options.max_outstanding_receives_per_peer = 1;
    EXPECT_FALSE(Interpreter<Average>::Run(shape, crossed, {{}, {}, {}}, Average{3}, options).ok());
  }
}

TEST(Interpreter, RefusesWhatItCannotRun) {
  const Shape shape = MakeShape(Collective::kAllReduce, 2, 2);
  const std::vector<std::vector<int64_t>> inputs = {{1, 2}, {3, 4}};
  const auto code = [&](Schedules schedules) {
    return Interpreter<Average>::Run(shape, schedules, inputs, Average{2}, {}).status().code();
  };
  Schedules schedules = PairAllReduce(2);
  EXPECT_EQ(code(schedules), absl::StatusCode::kOk);
  schedules[0].sources[0].offset = 1;
  EXPECT_EQ(code(schedules), absl::StatusCode::kInvalidArgument);
  schedules = PairAllReduce(2);
  schedules[0].steps[0].message = 3;
  EXPECT_EQ(code(schedules), absl::StatusCode::kInvalidArgument);
  schedules = PairAllReduce(2);
  schedules[0].sources[0].count = 1;
  EXPECT_EQ(code(schedules), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code({schedules[0]}), absl::StatusCode::kInvalidArgument);
}

// Writes down who began and who ended, in order.
struct Diary : InterleavingActions {
  std::vector<int> begun;
  std::vector<int> ended;
  void OnBegin(int rank, uint32_t) override { begun.push_back(rank); }
  void OnSent(int, uint32_t) override {}
  void OnEnd(int rank, uint32_t, int, uint32_t) override { ended.push_back(rank); }
};

TEST(Interleaving, LetsALateRankBeginWhenNobodyElseCan) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    Diary diary;
    ASSERT_TRUE(RunInterleaved(ChainAllReduce(1), {.seed = seed, .late_rank = 1}, diary).ok());
    // Ranks 0 and 2 can begin their first receives and send, then all depends on rank 1.
    EXPECT_EQ(diary.begun[3], 1) << "seed " << seed;
    EXPECT_EQ(diary.ended.size(), 8u);
  }
}

TEST(Interpreter, RepeatsItselfForTheSameSeed) {
  const auto run = [](uint64_t seed) {
    Schedules schedules = PairAllReduceInPlace(8);
    schedules[0].dependencies[0] = 1;  // a race, so that the order of events shows
    return Interpreter<Difference>::Run(MakeShape(Collective::kAllReduce, 2, 8, true), schedules,
                                        {std::vector<double>(8, 1), std::vector<double>(8, 2)}, Difference{},
                                        {.seed = seed})
        ->outputs;
  };
  for (uint64_t seed = 0; seed < 20; ++seed) EXPECT_EQ(run(seed), run(seed));
}

}  // namespace
}  // namespace tutti::check
