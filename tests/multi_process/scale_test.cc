// SPDX-License-Identifier: Apache-2.0
// Inputs that each rank multiplies by a factor of its own before they are reduced.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "collectives/algorithms/registry.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

// Small multiples of a quarter, so that every order of evaluation is exact.
double FactorOf(int rank, int round) { return 0.25 * (rank + 1 + round); }
float Value(int rank, size_t i) { return static_cast<float>((i + static_cast<size_t>(rank)) % 5) - 2.0f; }

float Expected(int ranks, int round, size_t i) {
  double sum = 0;
  for (int rank = 0; rank < ranks; ++rank) sum += FactorOf(rank, round) * static_cast<double>(Value(rank, i));
  return static_cast<float>(sum);
}

class Scaled {
 public:
  Scaled(tutti_comm_t comm, const RankContext& context, const char* algorithm, size_t count)
      : comm_(comm), context_(context), count_(count), values_(count) {
    options_.algorithm = algorithm;
    options_.scale = &factor_;
    for (size_t i = 0; i < count; ++i) values_[i] = Value(context.rank, i);
  }

  // Factors change from call to call; the operation behind it is the same.
  void SetRound(int round) {
    round_ = round;
    factor_ = FactorOf(context_.rank, round);
  }

  void AllReduce(bool in_place, bool asynchronous) {
    std::vector<float> recv = values_;
    const float* send = in_place ? recv.data() : values_.data();
    tutti_request_t request = nullptr;
    REQUIRE_OK(tutti_all_reduce(comm_, send, recv.data(), count_, TUTTI_FLOAT32, TUTTI_SUM, &options_,
                                asynchronous ? &request : nullptr));
    if (asynchronous) {
      factor_ = -100;  // it was read during the call
      REQUIRE_OK(tutti_request_wait(&request));
      factor_ = FactorOf(context_.rank, round_);
    }
    CheckAll(recv.data(), 0, count_, 1, "all_reduce");
  }

  // Of the same shape, which may run on the same operation, without a factor.
  void AllReducePlain(bool in_place) {
    std::vector<float> recv = values_;
    const float* send = in_place ? recv.data() : values_.data();
    tutti_options_t options = options_;
    options.scale = nullptr;
    REQUIRE_OK(tutti_all_reduce(comm_, send, recv.data(), count_, TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr));
    bool right = true;
    for (size_t i = 0; i < count_; ++i) {
      float sum = 0;
      for (int rank = 0; rank < context_.size; ++rank) sum += Value(rank, i);
      right &= recv[i] == sum && values_[i] == Value(context_.rank, i);
    }
    Require(right, "all_reduce without a factor, beside those with one, is right");
  }

  void Reduce(int root) {
    std::vector<float> recv(count_);
    REQUIRE_OK(
        tutti_reduce(comm_, values_.data(), recv.data(), count_, TUTTI_FLOAT32, TUTTI_SUM, root, &options_, nullptr));
    if (context_.rank == root) CheckAll(recv.data(), 0, count_, 1, "reduce");
  }

  void ReduceScatter(tutti_op_t op) {
    const size_t share = count_ / static_cast<size_t>(context_.size);
    std::vector<float> recv(share);
    REQUIRE_OK(tutti_reduce_scatter(comm_, values_.data(), recv.data(), share, TUTTI_FLOAT32, op, &options_, nullptr));
    CheckAll(recv.data(), share * static_cast<size_t>(context_.rank), share,
             op == TUTTI_AVG ? static_cast<float>(context_.size) : 1, "reduce_scatter");
  }

 private:
  void CheckAll(const float* got, size_t first, size_t count, float divisor, const std::string& what) {
    for (size_t i = 0; i < count; ++i) {
      const float expected = Expected(context_.size, round_, first + i) / divisor;
      if (got[i] == expected) continue;
      Require(false, what + " of " + std::to_string(count_) + ", element " + std::to_string(i) + ": " +
                         std::to_string(got[i]) + ", not " + std::to_string(expected));
    }
    bool unchanged = true;
    for (size_t i = 0; i < count_; ++i) unchanged &= values_[i] == Value(context_.rank, i);
    Require(unchanged, what + " changed what it was given");
  }

  tutti_comm_t comm_;
  const RankContext& context_;
  const size_t count_;
  std::vector<float> values_;
  tutti_options_t options_ = TUTTI_OPTIONS_INIT;
  double factor_ = 1;
  int round_ = 0;
};

// Arguments: collective, algorithm.
RANK_PROGRAM(ReduceScaled) {
  const tutti_comm_t comm = Join();
  const std::string& collective = context.arguments[0];
  for (const size_t per_rank : {0, 1, 100, 3000, 60'000}) {
    Scaled scaled(comm, context, context.arguments[1].c_str(), per_rank * static_cast<size_t>(context.size));
    for (int round = 0; round < 3; ++round) {
      scaled.SetRound(round);
      if (collective == "all_reduce") {
        scaled.AllReduce(false, false);
        scaled.AllReducePlain(true);
        scaled.AllReduce(true, false);
        scaled.AllReducePlain(true);
        scaled.AllReducePlain(false);
        scaled.AllReduce(false, true);
      } else if (collective == "reduce") {
        scaled.Reduce(round % context.size);
      } else {
        scaled.ReduceScatter(TUTTI_SUM);
        if (context.size % 3 != 0) scaled.ReduceScatter(TUTTI_AVG);
      }
    }
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

struct Case {
  Collective collective;
  const char* algorithm;
};

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const Collective collective : {Collective::kAllReduce, Collective::kReduce, Collective::kReduceScatter}) {
    for (const Algorithm& algorithm : Algorithms(collective)) cases.push_back({collective, algorithm.name});
  }
  return cases;
}

class ScaledInputs : public testing::TestWithParam<std::tuple<Case, int>> {};

TEST_P(ScaledInputs, AreReducedAsIfMultipliedBefore) {
  const auto [which, num_ranks] = GetParam();
  Job job("ReduceScaled", num_ranks, {.arguments = {CollectiveName(which.collective), which.algorithm}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, ScaledInputs, testing::Combine(testing::ValuesIn(Cases()), testing::Values(2, 4)),
                         [](const auto& test) {
                           const Case& which = std::get<0>(test.param);
                           return TestName(std::string(CollectiveName(which.collective)) + "_" + which.algorithm,
                                           std::get<1>(test.param));
                         });

}  // namespace
}  // namespace tutti::multi_process
