// SPDX-License-Identifier: Apache-2.0
// Start-ups that must fail, and what they say.
#include <sys/stat.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test_job.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

// Connect and Join; "" when that works.
std::string StartError(const JobSettings& settings) {
  auto plane = TcpControlPlane::Connect(settings, nullptr);
  if (!plane.ok()) return plane.status().ToString();
  const absl::Status joined = (*plane)->Join((*plane)->self());
  return joined.ok() ? "" : joined.ToString();
}

TEST(StartUp, TheDeadlineErrorNamesTheMissingRanksOnEveryRank) {
  ScratchFolder folder;
  std::string errors[3];
  const int present[3] = {0, 1, 4};
  OnEachRank(3, [&](int i) {
    JobSettings settings = FileJob(folder, present[i], 8);
    settings.timeout_ns = 400 * kNsPerMs;
    errors[i] = StartError(settings);
  });
  for (const std::string& error : errors) {
    EXPECT_THAT(error, AllOf(HasSubstr("DEADLINE_EXCEEDED"), HasSubstr("ranks 2, 3, 5-7 of 8 have not joined")));
  }
  EXPECT_THAT(errors, ::testing::Contains(HasSubstr("after 400 ms")));
}

TEST(StartUp, ARankThatNeverFindsRankZeroSaysWhereItLooked) {
  ScratchFolder folder;
  JobSettings settings = FileJob(folder, 1, 2);
  settings.timeout_ns = 100 * kNsPerMs;
  EXPECT_THAT(StartError(settings), AllOf(HasSubstr("DEADLINE_EXCEEDED"), HasSubstr("rank 1"), HasSubstr("100 ms"),
                                          HasSubstr(settings.rendezvous), HasSubstr("rank 0 has not written")));
}

TEST(StartUp, ASecondProcessOfOneRankIsRefusedAndBothAreNamed) {
  ScratchFolder folder;
  std::string errors[3];
  const int ranks[3] = {0, 1, 1};
  OnEachRank(3, [&](int i) {
    JobSettings settings = FileJob(folder, ranks[i], 3);
    settings.timeout_ns = 500 * kNsPerMs;
    errors[i] = StartError(settings);
  });
  const std::string pid = "pid " + std::to_string(getpid());
  const auto refused =
      AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("two processes claim rank 1: " + pid), HasSubstr("and " + pid));
  EXPECT_THAT(std::vector<std::string>({errors[1], errors[2]}), ::testing::Contains(refused));
  // Those who wait learn of it, too.
  EXPECT_THAT(errors[0], AllOf(HasSubstr("rank 2 of 3 has not joined"), HasSubstr("two processes claim rank 1")));
}

TEST(StartUp, AnotherSizeIsRefusedAndBothSizesAreNamed) {
  ScratchFolder folder;
  std::string errors[2];
  OnEachRank(2, [&](int rank) {
    JobSettings settings = FileJob(folder, rank, rank == 0 ? 2 : 5);
    settings.timeout_ns = 500 * kNsPerMs;
    errors[rank] = StartError(settings);
  });
  EXPECT_THAT(errors[1], AllOf(HasSubstr("FAILED_PRECONDITION"), HasSubstr("rank 1"), HasSubstr("has 5 ranks"),
                               HasSubstr("rank 0"), HasSubstr("says 2")));
  EXPECT_THAT(errors[0], AllOf(HasSubstr("rank 1 of 2 has not joined"), HasSubstr("has 5 ranks")));
}

TEST(StartUp, AWrongSecretIsRefused) {
  ScratchFolder folder;
  std::string errors[2];
  OnEachRank(2, [&](int rank) {
    JobSettings settings = FileJob(folder, rank, 2);
    settings.secret = rank == 0 ? "right" : "wrong";
    settings.timeout_ns = 500 * kNsPerMs;
    errors[rank] = StartError(settings);
  });
  EXPECT_THAT(errors[1], HasSubstr("does not know this job's secret"));
  EXPECT_THAT(errors[0], HasSubstr("rank 1 of 2 has not joined"));
}

TEST(StartUp, ADifferentJobIdIsRefused) {
  ScratchFolder folder;
  std::string errors[2];
  OnEachRank(2, [&](int rank) {
    JobSettings settings = FileJob(folder, rank, 2);
    settings.job_id = rank == 0 ? "a" : "b";
    settings.timeout_ns = 300 * kNsPerMs;
    errors[rank] = StartError(settings);
  });
  EXPECT_THAT(errors[1], HasSubstr("does not know this job's secret"));
}

TEST(StartUp, ARankThatLeavesBeforeAllHaveJoinedEndsTheStartForAll) {
  ScratchFolder folder;
  std::string errors[2];
  const int64_t start_ns = MonotonicClock().NowNs();
  OnEachRank(2, [&](int rank) {
    const JobSettings settings = FileJob(folder, rank, 3);
    if (rank == 0) {
      errors[0] = StartError(settings);
      return;
    }
    auto plane = TcpControlPlane::Connect(settings, nullptr);
    ASSERT_TRUE(plane.ok()) << plane.status();
    (*plane)->Leave();
  });
  EXPECT_LT(MonotonicClock().NowNs() - start_ns, 10 * kNsPerSecond);
  EXPECT_THAT(errors[0], AllOf(HasSubstr("UNAVAILABLE"), HasSubstr("rank 1"), HasSubstr("left")));
}

TEST(StartUp, ASecretComesFromAPrivateFileOnly) {
  ScratchFolder folder;
  const std::string path = folder.File("secret");
  FILE* file = fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  fputs("s3cret\n", file);
  fclose(file);
  JobSettings settings = FileJob(folder, 0, 1);
  settings.secret_file = path;
  chmod(path.c_str(), 0644);
  EXPECT_THAT(StartError(settings),
              AllOf(HasSubstr("PERMISSION_DENIED"), HasSubstr("TUTTI_SECRET_FILE"), HasSubstr("0600")));
  chmod(path.c_str(), 0600);
  EXPECT_EQ(StartError(settings), "");
  settings.secret_file = folder.File("absent");
  EXPECT_THAT(StartError(settings), HasSubstr("TUTTI_SECRET_FILE"));
}

TEST(StartUp, ACardOfAnotherRankOrTooLongAnAddressIsRefused) {
  ScratchFolder folder;
  auto plane = TcpControlPlane::Connect(FileJob(folder, 0, 1), nullptr);
  ASSERT_TRUE(plane.ok());
  PeerCard card = (*plane)->self();
  card.rank = 1;
  EXPECT_EQ((*plane)->Join(card).code(), absl::StatusCode::kInvalidArgument);
  card.rank = 0;
  card.address = std::string(600, 'a');
  EXPECT_EQ((*plane)->Join(card).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tutti
