// SPDX-License-Identifier: Apache-2.0
// The examples do what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_program.h"
#include "sanitized.h"

namespace tutti {
namespace {

using testing::HasSubstr;

Finished RunExample(const std::string& name, int ranks, const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> argv = {TUTTI_RUN, "-n", std::to_string(ranks), "--", std::string(EXAMPLES) + "/" + name};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return RunProgram(argv);
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

TEST(Examples, ACodecOfOnesOwnIsUsed) {
  const Finished run = RunExample("06_custom_codec", 4);
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("[3] rank 3: half the bytes; the largest error is 0."));
}

TEST(Examples, WhoIsLateNamesTheRankThatDawdles) {
  // Longer than a busy machine keeps a rank from its core under a sanitizer: 20 ms were not.
  const Finished run = RunExample("05_who_is_late", 4, {"150"});
  EXPECT_EQ(run.status, 0) << run.err;
  EXPECT_THAT(run.out, testing::ContainsRegex("worst step [0-9]+: [0-9.]+ ms, of which [0-9.]+ ms waiting for rank 3"));
  EXPECT_THAT(run.out, HasSubstr("50 calls"));
  EXPECT_THAT(run.out, HasSubstr("rank 3 came last in"));
}

TEST(Examples, WhoIsLateRefusesTimesThatItCannotDawdle) {
  const Finished run = RunExample("05_who_is_late", 2, {"1000"});
  EXPECT_EQ(run.status, 2);
  EXPECT_THAT(run.err, HasSubstr("from 1 to 999 milliseconds, not \"1000\""));
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
  if (kSanitized) return;  // a second run has nothing new for it
  const Finished second = RunExample("04_train_digits", GetParam());
  EXPECT_EQ(HashLine(first.out), HashLine(second.out));
}

// With sanitizers it takes ten times as long, and what they look for is there with a few ranks as well.
INSTANTIATE_TEST_SUITE_P(Ranks, TrainingTest,
                         testing::ValuesIn(kThreadSanitized ? std::vector<int>{2}
                                           : kSanitized     ? std::vector<int>{2, 4}
                                                            : std::vector<int>{1, 2, 4, 7}));

TEST(CompressedTraining, LearnsWithMatricesOfLowRank) {
  const Finished run = RunExample("04_train_digits", 3, {"--powersgd", "2", "--error-feedback", "--seed", "1"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;  // 95 % accuracy, the same hash on all ranks
  EXPECT_THAT(run.out, HasSubstr("gradients travel as factors of 1376 bytes"));
  EXPECT_THAT(run.out, HasSubstr("95 % of test images right after"));
}

TEST(CompressedTraining, LearnsWithEightBitsForEachValue) {
  if (kThreadSanitized) GTEST_SKIP() << "its threads are those of TrainingTest";
  const Finished run = RunExample("04_train_digits", 4, {"--codec", "int8"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;  // 95 % accuracy, the same hash on all ranks
  EXPECT_THAT(run.out, HasSubstr("gradients travel by codec int8"));
}

TEST(CompressedTraining, LearnsWithOneValueInAHundredAndErrorFeedback) {
  if (kThreadSanitized) GTEST_SKIP() << "its threads are those of TrainingTest";
  const Finished run = RunExample("04_train_digits", 4, {"--codec", "topk:ratio=0.01", "--error-feedback"});
  EXPECT_EQ(run.status, 0) << run.out << run.err;
  EXPECT_THAT(run.out, HasSubstr("gradients travel by codec topk:ratio=0.01+error_feedback"));
}

TEST(CompressedTraining, SaysWhatIsWrongWithItsOptions) {
  const std::vector<std::vector<std::string>> wrong = {{"--powersgd"},
                                                       {"--powersgd", "0"},
                                                       {"--seed", "x"},
                                                       {"--error-feedback"},
                                                       {"--codec", "int8", "--powersgd", "1"},
                                                       {"--nothing"}};
  for (const auto& arguments : wrong) {
    const Finished run = RunExample("04_train_digits", 1, arguments);
    EXPECT_NE(run.status, 0);
    EXPECT_THAT(run.err, HasSubstr("04_train_digits: ")) << arguments[0];
    EXPECT_THAT(run.err, HasSubstr("usage: 04_train_digits")) << arguments[0];
  }
}

}  // namespace
}  // namespace tutti
