// SPDX-License-Identifier: Apache-2.0
// All-reduce of matrices by way of two thin ones, among processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

constexpr size_t kRows = 60, kCols = 45;

// Numbers of [-1, 1) that every rank can compute for every other.
float Number(int rank, int step, size_t index) {
  uint64_t z = (static_cast<uint64_t>(rank) * 1000 + static_cast<uint64_t>(step)) * 1'000'003 + index;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return static_cast<float>(static_cast<double>(z >> 40) * 0x1p-23 - 1);
}

// A product of a column and a row: of rank 1.
std::vector<float> Part(int rank, int step) {
  std::vector<float> matrix(kRows * kCols);
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t j = 0; j < kCols; ++j) matrix[i * kCols + j] = Number(rank, step, i) * Number(rank, step, 1000 + j);
  }
  return matrix;
}

tutti_powersgd_t Create(size_t rank, bool error_feedback = true, size_t cols = kCols) {
  tutti_powersgd_config_t config = TUTTI_POWERSGD_CONFIG_INIT;
  config.rows = kRows;
  config.cols = cols;
  config.rank = rank;
  config.error_feedback = error_feedback ? 1 : 0;
  tutti_powersgd_t powersgd = nullptr;
  REQUIRE_OK(tutti_powersgd_create(&config, &powersgd));
  return powersgd;
}

void RequireSameBitsEverywhere(tutti_comm_t comm, const std::vector<float>& values) {
  std::vector<uint32_t> least(values.size()), most(values.size());
  std::memcpy(least.data(), values.data(), values.size() * sizeof(float));
  most = least;
  REQUIRE_OK(
      tutti_all_reduce(comm, least.data(), least.data(), least.size(), TUTTI_UINT32, TUTTI_MIN, nullptr, nullptr));
  REQUIRE_OK(tutti_all_reduce(comm, most.data(), most.data(), most.size(), TUTTI_UINT32, TUTTI_MAX, nullptr, nullptr));
  Require(least == most, "all ranks have the same bits");
}

void RequireNear(const std::vector<float>& got, const std::vector<double>& wanted, double allowed) {
  double errors = 0, squares = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    errors += (got[i] - wanted[i]) * (got[i] - wanted[i]);
    squares += wanted[i] * wanted[i];
  }
  Require(
      errors <= allowed * allowed * squares,
      "the relative error is " + std::to_string(std::sqrt(errors / squares)) + ", at most " + std::to_string(allowed));
}

// Each rank's matrix has rank 1, so their sum has as many as there are ranks, and factors of that rank hold it all. (With
// error feedback, what rounding leaves of one matrix would be in the next one, which then has a higher rank.)
RANK_PROGRAM(SumMatricesOfLowRank) {
  const tutti_comm_t comm = Join();
  const tutti_powersgd_t powersgd = Create(static_cast<size_t>(context.size), false);
  for (int step = 0; step < 6; ++step) {
    const tutti_op_t op = step % 2 == 0 ? TUTTI_SUM : TUTTI_AVG;
    std::vector<double> wanted(kRows * kCols);
    for (int rank = 0; rank < context.size; ++rank) {
      const std::vector<float> part = Part(rank, step);
      for (size_t i = 0; i < wanted.size(); ++i) wanted[i] += part[i] / (op == TUTTI_AVG ? context.size : 1.0);
    }
    std::vector<float> mine = Part(context.rank, step), result(mine.size());
    float* const recv = step < 3 ? result.data() : mine.data();
    REQUIRE_OK(tutti_powersgd_all_reduce(powersgd, comm, mine.data(), recv, op, nullptr));
    if (step >= 3) result = mine;
    RequireNear(result, wanted, 1e-5);
    RequireSameBitsEverywhere(comm, result);
  }
  REQUIRE_OK(tutti_powersgd_destroy(powersgd));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// A rank that is too low: what is lost comes later. Half way all states go through a checkpoint.
RANK_PROGRAM(CatchUpWithErrorFeedback) {
  constexpr int kSteps = 200;
  const tutti_comm_t comm = Join();
  tutti_powersgd_t powersgd = Create(1);
  std::vector<double> wanted(kRows * kCols), total(kRows * kCols);
  for (int rank = 0; rank < context.size; ++rank) {
    const std::vector<float> part = Part(rank, 0);
    for (size_t i = 0; i < wanted.size(); ++i) wanted[i] += part[i];
  }
  const std::vector<float> mine = Part(context.rank, 0);
  std::vector<float> result(mine.size()), mean(mine.size());
  for (int step = 0; step < kSteps; ++step) {
    if (step == kSteps / 2) {
      size_t bytes = 0;
      REQUIRE_OK(tutti_powersgd_save(powersgd, nullptr, 0, &bytes));
      std::vector<char> saved(bytes);
      REQUIRE_OK(tutti_powersgd_save(powersgd, saved.data(), saved.size(), &bytes));
      REQUIRE_OK(tutti_powersgd_destroy(powersgd));
      powersgd = Create(1);
      REQUIRE_OK(tutti_powersgd_restore(powersgd, saved.data(), saved.size()));
    }
    REQUIRE_OK(tutti_powersgd_all_reduce(powersgd, comm, mine.data(), result.data(), TUTTI_SUM, nullptr));
    RequireSameBitsEverywhere(comm, result);
    for (size_t i = 0; i < total.size(); ++i) total[i] += result[i];
  }
  for (size_t i = 0; i < total.size(); ++i) mean[i] = static_cast<float>(total[i] / kSteps);
  RequireNear(mean, wanted, 0.05);
  REQUIRE_OK(tutti_powersgd_destroy(powersgd));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

RANK_PROGRAM(SumSmallMatricesAsTheyAre) {
  const tutti_comm_t comm = Join();
  const tutti_powersgd_t powersgd = Create(4, true, 1);
  REQUIRE_OK(tutti_comm_set_codec(comm, "int4"));  // is not for what is to stay exact
  size_t values = 0;
  REQUIRE_OK(tutti_powersgd_wire_values(powersgd, &values));
  Require(values == kRows, "a column travels as it is");
  std::vector<float> column(kRows, static_cast<float>(context.rank + 1));
  REQUIRE_OK(tutti_powersgd_all_reduce(powersgd, comm, column.data(), column.data(), TUTTI_SUM, nullptr));
  const auto sum = static_cast<float>(context.size * (context.size + 1) / 2);
  Require(column == std::vector<float>(kRows, sum), "the sum is exact");
  REQUIRE_OK(tutti_powersgd_destroy(powersgd));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

RANK_PROGRAM(DisagreeAboutTheRank) {
  const tutti_comm_t comm = Join();
  const tutti_powersgd_t powersgd = Create(context.rank == 0 ? 2 : 3);
  std::vector<float> matrix(kRows * kCols, 1.0f);
  SayFailure(comm, tutti_powersgd_all_reduce(powersgd, comm, matrix.data(), matrix.data(), TUTTI_SUM, nullptr));
  REQUIRE_OK(tutti_powersgd_destroy(powersgd));
  (void)tutti_comm_destroy(comm);
}

class PowerSgdTest : public testing::TestWithParam<int> {};

TEST_P(PowerSgdTest, SumsMatricesOfLowRank) { EXPECT_TRUE(Job("SumMatricesOfLowRank", GetParam()).AllSucceed()); }
TEST_P(PowerSgdTest, LosesNothingForGood) { EXPECT_TRUE(Job("CatchUpWithErrorFeedback", GetParam()).AllSucceed()); }
TEST_P(PowerSgdTest, LetsSmallMatricesTravelAsTheyAre) {
  EXPECT_TRUE(Job("SumSmallMatricesAsTheyAre", GetParam()).AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(Ranks, PowerSgdTest, testing::Values(1, 2, 4),
                         [](const auto& test) { return TestName("Among", test.param); });

TEST(PowerSgdMismatch, IsToldOnBothSides) {
  Job job("DisagreeAboutTheRank", 2);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_MISMATCH") << job.Said(rank, "sentence");
    EXPECT_THAT(job.Said(rank, "sentence"), testing::HasSubstr("float32 x 180"));
  }
}

}  // namespace
}  // namespace tutti::multi_process
