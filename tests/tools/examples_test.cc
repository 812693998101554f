// SPDX-License-Identifier: Apache-2.0
// The examples do what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_program.h"

namespace tutti {
namespace {

using testing::HasSubstr;

Finished RunExample(const std::string& name, int ranks) {
  return RunProgram({TUTTI_RUN, "-n", std::to_string(ranks), "--", std::string(EXAMPLES) + "/" + name});
}

TEST(Examples, HelloMeetsAllRanks) {
  const Finished run = RunExample("01_hello_comm", 3);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("[0] all 3 ranks have met"));
}

TEST(Examples, AllReduceIsRight) {
  const Finished run = RunExample("02_all_reduce", 4);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("[3] rank 3: sum[0] = 6, average[0] = 1.5, 0 wrong"));
}

TEST(Examples, OverlapTellsWhatWasHidden) {
  const Finished run = RunExample("03_overlap", 2);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("overlapped"));
}

TEST(Examples, WhoIsLateNamesTheRankThatDawdles) {
  const Finished run = RunExample("05_who_is_late", 4);
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, testing::ContainsRegex("worst step [0-9]+: [0-9.]+ ms, of which [0-9.]+ ms waiting for rank 3"));
  EXPECT_THAT(run.out, HasSubstr("50 calls"));
  EXPECT_THAT(run.out, HasSubstr("rank 3 came last in"));
}

class TrainingTest : public testing::TestWithParam<int> {};

std::string HashLine(const std::string& out) {
  const size_t start = out.find("weights: hash");
  return start == std::string::npos ? "" : out.substr(start, out.find('\n', start) - start);
}

TEST_P(TrainingTest, LearnsAndEndsWithTheSameBitsEverywhereAndEveryTime) {
  const Finished first = RunExample("04_train_digits", GetParam());
  EXPECT_EQ(first.status, 0) << first.out << first.err;  // 95 % accuracy, the same hash on all ranks
  EXPECT_THAT(HashLine(first.out), HasSubstr("the same on all ranks"));
  const Finished second = RunExample("04_train_digits", GetParam());
  EXPECT_EQ(HashLine(first.out), HashLine(second.out));
}

INSTANTIATE_TEST_SUITE_P(Ranks, TrainingTest, testing::Values(1, 2, 4, 7));

}  // namespace
}  // namespace tutti
