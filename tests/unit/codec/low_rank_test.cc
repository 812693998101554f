// SPDX-License-Identifier: Apache-2.0
// The arithmetic of PowerSGD, with several ranks in one process: what they would all-reduce is averaged here.
#include "lib/codec/low_rank.h"

#include <algorithm>

#include "codec_test_support.h"

namespace tutti {
namespace {

constexpr size_t kRows = 37, kCols = 53;

LowRankConfig Config(size_t rank) {
  LowRankConfig config;
  config.rows = kRows;
  config.cols = kCols;
  config.rank = rank;
  return config;
}

Floats RandomOfRank(size_t rank, uint64_t seed, size_t rows = kRows, size_t cols = kCols) {
  const Floats left = Normal(rows * rank, 1.0f, seed), right = Normal(rank * cols, 1.0f, seed + 1000);
  Floats matrix(rows * cols);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < cols; ++j) {
      for (size_t k = 0; k < rank; ++k) matrix[i * cols + j] += left[i * rank + k] * right[k * cols + j];
    }
  }
  return matrix;
}

double Length(const Floats& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return std::sqrt(squares);
}

double RelativeError(const Floats& got, const Floats& wanted) {
  Floats difference(got.size());
  std::transform(got.begin(), got.end(), wanted.begin(), difference.begin(), std::minus<>());
  return Length(difference) / Length(wanted);
}

// The state of each rank, and all-reduces among them.
class Ranks {
 public:
  Ranks(size_t num_ranks, const LowRankConfig& config) {
    for (size_t r = 0; r < num_ranks; ++r) states_.emplace_back(config);
  }

  LowRank& operator[](size_t rank) { return states_[rank]; }

  // The average of the matrices, which all ranks must get with the same bits.
  Floats Step(const std::vector<Floats>& matrices) {
    std::vector<std::span<float>> factors;
    for (size_t r = 0; r < states_.size(); ++r) factors.push_back(states_[r].LeftFactor(matrices[r].data()));
    Average(factors);
    factors.clear();
    for (size_t r = 0; r < states_.size(); ++r) factors.push_back(states_[r].RightFactor(matrices[r].data()));
    Average(factors);
    Floats first;
    for (size_t r = 0; r < states_.size(); ++r) {
      Floats result(matrices[r].size());
      states_[r].FinishStep(matrices[r].data(), 1.0f, result.data());
      if (r == 0) first = result;
      EXPECT_TRUE(SameBits(result, first)) << "rank " << r;
    }
    return first;
  }

 private:
  static void Average(const std::vector<std::span<float>>& factors) {
    for (size_t i = 0; i < factors[0].size(); ++i) {
      float sum = 0;
      for (const auto& factor : factors) sum += factor[i];
      for (const auto& factor : factors) factor[i] = sum / static_cast<float>(factors.size());
    }
  }

  std::vector<LowRank> states_;
};

Floats AverageOf(const std::vector<Floats>& matrices) {
  Floats average(matrices[0].size());
  for (const Floats& matrix : matrices) {
    for (size_t i = 0; i < average.size(); ++i) average[i] += matrix[i] / static_cast<float>(matrices.size());
  }
  return average;
}

TEST(LowRank, AMatrixOfThatRankComesBackAtOnce) {
  for (const size_t rank : {1, 2, 5}) {
    // Each rank's part has rank 1; their average has as many as there are ranks.
    std::vector<Floats> matrices;
    for (size_t r = 0; r < rank; ++r) matrices.push_back(RandomOfRank(1, 10 * rank + r));
    Ranks ranks(matrices.size(), Config(rank));
    EXPECT_LT(RelativeError(ranks.Step(matrices), AverageOf(matrices)), 1e-5) << rank;
  }
}

TEST(LowRank, LessThanThatRankLeavesNothingStrange) {
  for (const float scale : {1.0f, 1e-30f, 1e17f}) {
    Floats matrix = RandomOfRank(2, 7);
    for (float& value : matrix) value *= scale;
    Ranks ranks(1, Config(6));
    for (int step = 0; step < 3; ++step) EXPECT_LT(RelativeError(ranks.Step({matrix}), matrix), 1e-5) << scale;
    if (scale > 1) continue;
    // The directions that were not needed are found when they are.
    const Floats richer = RandomOfRank(5, 8);
    EXPECT_LT(RelativeError(ranks.Step({richer}), richer), 1e-4) << scale;
  }
}

TEST(LowRank, ZerosStayZerosAndDoNotSpoilWhatFollows) {
  Ranks ranks(2, Config(3));
  const Floats zeros(kRows * kCols);
  EXPECT_EQ(ranks.Step({zeros, zeros}), zeros);
  const Floats matrix = RandomOfRank(3, 1);
  EXPECT_LT(RelativeError(ranks.Step({matrix, matrix}), matrix), 1e-5);
}

TEST(LowRank, WarmStartFindsTheBestApproximationStepByStep) {
  // Rank 2, and noise of a tenth of its length. Without residuals each step improves the same approximation.
  const Floats signal = RandomOfRank(2, 3), noise = Normal(kRows * kCols, 1.0f, 4);
  Floats matrix = signal;
  for (size_t i = 0; i < matrix.size(); ++i) {
    matrix[i] += static_cast<float>(0.1 * Length(signal) / Length(noise)) * noise[i];
  }
  LowRankConfig config = Config(2);
  config.error_feedback = false;
  Ranks warm(1, config);
  config.warm_start = false;
  Ranks cold(1, config);
  double warm_error = 0, cold_error = 0;
  for (int step = 0; step < 10; ++step) {
    warm_error = RelativeError(warm.Step({matrix}), matrix);
    cold_error = RelativeError(cold.Step({matrix}), matrix);
  }
  EXPECT_LT(warm_error, 0.1);
  EXPECT_LT(warm_error, cold_error);
}

TEST(LowRank, WithErrorFeedbackNothingIsLostForGood) {
  const std::vector<Floats> matrices = {Normal(kRows * kCols, 1.0f, 1), Normal(kRows * kCols, 1.0f, 2)};
  const Floats average = AverageOf(matrices);
  const auto error_after = [&](bool error_feedback, int steps) {
    LowRankConfig config = Config(2);
    config.error_feedback = error_feedback;
    Ranks ranks(2, config);
    Floats mean(average.size());
    for (int step = 0; step < steps; ++step) {
      const Floats result = ranks.Step(matrices);
      for (size_t i = 0; i < mean.size(); ++i) mean[i] += result[i] / static_cast<float>(steps);
    }
    return RelativeError(mean, average);
  };
  // What remains is in the residuals, which do not grow: the mean's error falls as one over the steps.
  const double after_50 = error_after(true, 50), after_500 = error_after(true, 500);
  EXPECT_LT(after_500, 0.05);
  EXPECT_LT(after_500, after_50 / 4);
  EXPECT_GT(error_after(false, 500), 0.5);
}

TEST(LowRank, AnOverflowIsSeenEverywhereOnce) {
  for (const float strange : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    Ranks ranks(2, Config(2));
    const Floats good = RandomOfRank(2, 5);
    Floats bad = good;
    bad[100] = strange;
    const Floats result = ranks.Step({good, bad});
    EXPECT_TRUE(std::all_of(result.begin(), result.end(), [](float v) { return std::isnan(v); }));
    EXPECT_LT(RelativeError(ranks.Step({good, good}), good), 1e-5);
  }
}

TEST(LowRank, MayBeGivenUpBetweenItsSteps) {
  const Floats first = Normal(kRows * kCols, 1.0f, 1), second = Normal(kRows * kCols, 1.0f, 2);
  LowRank undisturbed(Config(2)), disturbed(Config(2));
  const auto step = [](LowRank* state, const Floats& matrix) {
    Floats result(matrix.size());
    state->LeftFactor(matrix.data());
    state->RightFactor(matrix.data());
    state->FinishStep(matrix.data(), 1.0f, result.data());
    return result;
  };
  EXPECT_TRUE(SameBits(step(&undisturbed, first), step(&disturbed, first)));
  disturbed.LeftFactor(second.data());
  disturbed.RightFactor(second.data());
  EXPECT_TRUE(SameBits(step(&undisturbed, second), step(&disturbed, second)));
}

TEST(LowRank, WorksInPlaceAndScales) {
  const Floats matrix = Normal(kRows * kCols, 1.0f, 1);
  LowRank apart(Config(3)), in_place(Config(3));
  for (int step = 0; step < 2; ++step) {  // the second has a residual
    Floats result(matrix.size()), both = matrix;
    apart.LeftFactor(matrix.data());
    apart.RightFactor(matrix.data());
    apart.FinishStep(matrix.data(), 1.0f, result.data());
    in_place.LeftFactor(both.data());
    in_place.RightFactor(both.data());
    in_place.FinishStep(both.data(), 4.0f, both.data());
    for (float& value : result) value *= 4;
    EXPECT_TRUE(SameBits(both, result));
  }
}

TEST(LowRank, IsDenseWhereFactorsAreNotSmaller) {
  const auto is_dense = [](size_t rows, size_t cols, size_t rank) {
    LowRankConfig config;
    config.rows = rows;
    config.cols = cols;
    config.rank = rank;
    return LowRank(config).is_dense();
  };
  EXPECT_TRUE(is_dense(1, 1000, 1));
  EXPECT_TRUE(is_dense(1000, 1, 1));
  EXPECT_TRUE(is_dense(2, 2, 1));
  EXPECT_FALSE(is_dense(3, 3, 1));
  EXPECT_TRUE(is_dense(3, 3, 2));
  EXPECT_TRUE(is_dense(100, 100, 50));
  EXPECT_FALSE(is_dense(100, 100, 49));
  EXPECT_TRUE(is_dense(100, 100, SIZE_MAX));
}

TEST(LowRank, SavedAndRestoredItGoesOnWithTheSameBits) {
  const Floats matrix = Normal(kRows * kCols, 1.0f, 1);
  for (const bool error_feedback : {true, false}) {
    LowRankConfig config = Config(2);
    config.error_feedback = error_feedback;
    Ranks original(1, config), restored(1, config);
    for (int step = 0; step < 3; ++step) original.Step({matrix});
    ASSERT_EQ(restored[0].Restore(original[0].Save()), TUTTI_OK);
    for (int step = 0; step < 3; ++step) EXPECT_TRUE(SameBits(original.Step({matrix}), restored.Step({matrix})));
    EXPECT_EQ(original[0].Save(), restored[0].Save());
  }
}

TEST(LowRank, WhatWasNotSavedSoIsRefusedAndChangesNothing) {
  Ranks ranks(1, Config(2));
  ranks.Step({Normal(kRows * kCols, 1.0f, 1)});
  LowRank& state = ranks[0];
  const Bytes saved = state.Save();
  for (const size_t length : {size_t{0}, size_t{10}, size_t{48}, saved.size() - 1}) {
    EXPECT_EQ(state.Restore(std::span(saved).first(length)), TUTTI_ERR_INVALID_ARGUMENT) << length;
  }
  Bytes longer = saved;
  longer.push_back(0);
  EXPECT_EQ(state.Restore(longer), TUTTI_ERR_INVALID_ARGUMENT);
  for (size_t at = 0; at < 40; ++at) {  // all of the header but the step
    Bytes wrong = saved;
    wrong[at] ^= 1;
    EXPECT_EQ(state.Restore(wrong), TUTTI_ERR_INVALID_ARGUMENT) << "byte " << at;
  }
  for (LowRankConfig other : {Config(3), Config(2)}) {
    other.seed = other.rank;
    EXPECT_EQ(LowRank(other).Restore(saved), TUTTI_ERR_INVALID_ARGUMENT);
  }
  EXPECT_EQ(state.Save(), saved);
}

}  // namespace
}  // namespace tutti
