// SPDX-License-Identifier: Apache-2.0
// Operations of the application, run by the engine over simulated networks: order, items, and ranks that disagree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "collectives/algorithms/registry.h"
#include "lib/reduce/user_ops.h"
#include "sim_job.h"

namespace tutti {
namespace {

// An item (a, b) stands for the function x -> a x + b; op applies the left function after the right one. Associative, and not
// commutative.
struct Affine {
  uint32_t a = 1;
  uint32_t b = 0;
  friend bool operator==(const Affine&, const Affine&) = default;
};

Affine After(const Affine& left, const Affine& right) { return {left.a * right.a, left.a * right.b + left.b}; }

class Composition final : public UserOp {
 public:
  explicit Composition(const char* name = "composition")
      : UserOp({.name = name, .commutes = false, .item_elements = 2}) {}
  void Apply(const void* in, void* inout, size_t count, DataType) const override {
    const auto* left = static_cast<const Affine*>(in);
    auto* right = static_cast<Affine*>(inout);
    for (size_t i = 0; i < count / 2; ++i) right[i] = After(left[i], right[i]);
  }
};

Affine ValueOf(int rank, size_t item) {
  return {static_cast<uint32_t>(2 * rank + 3), static_cast<uint32_t>(item * 5 + static_cast<size_t>(rank) + 1)};
}

Affine Expected(int ranks, size_t item) {
  Affine value = ValueOf(0, item);
  for (int rank = 1; rank < ranks; ++rank) value = After(value, ValueOf(rank, item));
  return value;
}

class UserOpOnSim : public ::testing::TestWithParam<const Algorithm*> {};

TEST_P(UserOpOnSim, KeepsTheOrderOfRanks) {
  const Algorithm& algorithm = *GetParam();
  const auto op = std::make_shared<const Composition>();
  const int number = UserOps::OfProcess().Add(op);
  for (int ranks : {2, 3, 5}) {
    sim::NetworkOptions options;
    options.size = ranks;
    SimJob job(options);
    for (size_t items : {size_t{1}, size_t{77}}) {
      const int root = ranks - 1;
      const bool scatters = algorithm.collective == Collective::kReduceScatter;
      const size_t in_items = scatters ? items * static_cast<size_t>(ranks) : items;
      std::vector<std::vector<Affine>> in, out;
      for (int rank = 0; rank < ranks; ++rank) {
        in.emplace_back(in_items);
        for (size_t i = 0; i < in_items; ++i) in.back()[i] = ValueOf(rank, i);
        out.emplace_back(items);
      }
      const auto outcomes = job.Run([&](int rank) {
        return CollectiveCall{.collective = algorithm.collective,
                              .send = in[static_cast<size_t>(rank)].data(),
                              .recv = out[static_cast<size_t>(rank)].data(),
                              .count = 2 * items,
                              .type = DataType::kUint32,
                              .user_op = op.get(),
                              .user_op_number = number,
                              .root = root,
                              .algorithm = &algorithm};
      });
      EXPECT_THAT(outcomes, ::testing::Each(Outcome::kOk));
      for (int rank = 0; rank < ranks; ++rank) {
        if (algorithm.collective == Collective::kReduce && rank != root) continue;
        const size_t first = scatters ? items * static_cast<size_t>(rank) : 0;
        for (size_t i = 0; i < items; ++i) {
          ASSERT_EQ(out[static_cast<size_t>(rank)][i], Expected(ranks, first + i)) << "rank " << rank << ", item " << i;
        }
      }
    }
  }
  UserOps::OfProcess().Remove(number);
}

std::vector<const Algorithm*> Ordered() {
  std::vector<const Algorithm*> all;
  for (Collective collective : {Collective::kAllReduce, Collective::kReduce, Collective::kReduceScatter}) {
    for (const Algorithm& algorithm : Algorithms(collective)) {
      if (algorithm.keeps_rank_order) all.push_back(&algorithm);
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(, UserOpOnSim, ::testing::ValuesIn(Ordered()), [](const auto& test) {
  return std::string(CollectiveName(test.param->collective)) + "_" + test.param->name;
});

TEST(UserOpThatIsGone, WorksOnInPlansThatKnowIt) {
  sim::NetworkOptions options;
  options.size = 2;
  SimJob job(options);
  auto op = std::make_shared<const Composition>();
  const int number = UserOps::OfProcess().Add(op);
  std::vector<Affine> values = {ValueOf(0, 0), ValueOf(1, 0)};
  std::vector<Operation*> operations;
  for (int rank = 0; rank < 2; ++rank) {
    auto operation = job.communicator(rank).Start(CollectiveCall{.collective = Collective::kAllReduce,
                                                                 .send = &values[static_cast<size_t>(rank)],
                                                                 .recv = &values[static_cast<size_t>(rank)],
                                                                 .count = 2,
                                                                 .type = DataType::kUint32,
                                                                 .user_op = op.get(),
                                                                 .user_op_number = number,
                                                                 .in_place = true});
    ASSERT_TRUE(operation.ok());
    operations.push_back(*operation);
  }
  EXPECT_TRUE(UserOps::OfProcess().Remove(number));
  op.reset();
  EXPECT_THAT(job.Conclude(operations), ::testing::Each(Outcome::kOk));
  EXPECT_EQ(values[0], Expected(2, 0));
  EXPECT_EQ(values[1], Expected(2, 0));
}

}  // namespace
}  // namespace tutti
