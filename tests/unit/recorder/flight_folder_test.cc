// SPDX-License-Identifier: Apache-2.0
#include "lib/recorder/flight_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "lib/recorder/flight_record.h"
#include "lib/recorder/flight_recorder.h"
#include "lib/recorder/process_state.h"

namespace tutti {
namespace {

using testing::HasSubstr;

class FlightFolderTest : public testing::Test {
 protected:
  FlightFolderTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tutti_flight_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~FlightFolderTest() override { std::filesystem::remove_all(folder_); }

  // Of a process that made it and was killed.
  void LeaveOneOfTheDead(int rank) {
    const pid_t pid = fork();
    if (pid == 0) {
      auto recorder = FlightRecorder::Create(folder_, {rank, 64, "dead", "", "here"}, 1);
      if (recorder.ok()) (*recorder)->Begin({.signature = 5, .sequence = 41, .steps = 3});
      raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status));
  }
  size_t Records() const { return ListFlightRecords(folder_)->size(); }

  std::string folder_;
};

constexpr int64_t kForAges = 1'000'000 * int64_t{1'000'000'000};

TEST_F(FlightFolderTest, ARecordOutlivesItsKilledProcess) {
  LeaveOneOfTheDead(4);
  ASSERT_EQ(Records(), 1u);
  const absl::StatusOr<FlightRecord> record = ReadFlightRecord(ListFlightRecords(folder_)->front());
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(StateOf(record->process), ProcessState::kDead);
  EXPECT_EQ(record->rank, 4);
  ASSERT_EQ(record->operations.size(), 1u);
  EXPECT_EQ(record->operations[0].sequence, 41u);
  EXPECT_TRUE(record->operations[0].is_running());
}

TEST_F(FlightFolderTest, TheRecordOfAPeerIsFoundBesideOnesOwn) {
  const auto own = FlightRecorder::Create(folder_, {1, 64, "dead", "", "here"}, 1);
  ASSERT_TRUE(own.ok());
  LeaveOneOfTheDead(4);
  LeaveOneOfTheDead(44);
  const absl::StatusOr<FlightRecord> peer = ReadFlightRecordOfPeer((*own)->path(), 4);
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->rank, 4);
  EXPECT_EQ(ReadFlightRecordOfPeer((*own)->path(), 3).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(FlightFolderTest, OnlyTheDeadAreRemovedAndTheNewestOfThemKept) {
  const auto alive = FlightRecorder::Create(folder_, {0, 9, "alive", "", "here"}, 1);
  ASSERT_TRUE(alive.ok());
  for (int rank = 0; rank < 3; ++rank) LeaveOneOfTheDead(rank);
  std::ofstream(folder_ + "/strange.flight") << "no record";
  std::ofstream(folder_ + "/other.txt") << "somebody's";
  EXPECT_EQ(RemoveDeadFlightRecords(folder_, 3, kForAges), 0);
  EXPECT_EQ(RemoveDeadFlightRecords(folder_, 1, kForAges), 2);
  ASSERT_EQ(Records(), 3u);
  EXPECT_THAT(*ListFlightRecords(folder_), testing::Contains(HasSubstr("dead.2.")));
  EXPECT_EQ(RemoveDeadFlightRecords(folder_, 1, 0), 1) << "too old";
  EXPECT_THAT(*ListFlightRecords(folder_), testing::Contains((*alive)->path()));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/strange.flight"));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/other.txt"));
}

TEST_F(FlightFolderTest, WhatNeverBecameARecordIsRemovedWhenItIsOld) {
  const std::string path = folder_ + "/dead.1.2.flight.new";
  std::ofstream(path) << "x";
  EXPECT_EQ(RemoveDeadFlightRecords(folder_, 0, 0), 0);
  std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
  EXPECT_EQ(RemoveDeadFlightRecords(folder_, 0, 0), 1);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(FlightFolderTest, AForkedChildDoesNotRemoveItsParentsRecord) {
  auto recorder = FlightRecorder::Create(folder_, {0, 9, "parent", "", "here"}, 1);
  ASSERT_TRUE(recorder.ok());
  const pid_t pid = fork();
  if (pid == 0) {
    recorder->reset();
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(Records(), 1u);
  recorder->reset();
  EXPECT_EQ(Records(), 0u);
}

TEST_F(FlightFolderTest, AWishIsMadeAndWhatCannotBeUsedIsASentence) {
  EXPECT_EQ(*PrepareFlightFolder(folder_ + "/new"), folder_ + "/new");
  EXPECT_EQ(*PrepareFlightFolder(folder_ + "/new"), folder_ + "/new");
  EXPECT_THAT(PrepareFlightFolder(folder_ + "/a/b").status().message(), HasSubstr(folder_ + "/a/b"));
  std::ofstream(folder_ + "/file") << "x";
  EXPECT_THAT(PrepareFlightFolder(folder_ + "/file").status().message(), HasSubstr("no folder"));
  EXPECT_TRUE(ListFlightRecords(folder_ + "/none")->empty());
  EXPECT_THAT(FlightRecorder::Create(folder_ + "/none", {0, 1, "r", "", ""}, 1).status().message(),
              HasSubstr(folder_ + "/none"));
}

TEST_F(FlightFolderTest, TheDefaultIsThisUsersAlone) {
  const absl::StatusOr<std::string> folder = PrepareFlightFolder("");
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_THAT(DefaultFlightFolders(), testing::Contains(*folder));
  struct stat facts = {};
  ASSERT_EQ(stat(folder->c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700u);
  EXPECT_EQ(facts.st_uid, geteuid());
}

TEST(ProcessStateTest, KnowsTheLivingTheStoppedAndTheDead) {
  EXPECT_EQ(StateOf(ThisProcess()), ProcessState::kAlive);
  ProcessIdentity other = ThisProcess();
  other.start_ticks -= 1;  // its number was given out again
  EXPECT_EQ(StateOf(other), ProcessState::kDead);
  other = ThisProcess();
  other.pid_namespace += 1;
  EXPECT_EQ(StateOf(other), ProcessState::kUnknown);

  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t pid = fork();
  if (pid == 0) {
    const ProcessIdentity self = ThisProcess();
    if (write(ends[1], &self, sizeof self) != sizeof self) _exit(1);
    for (;;) pause();
  }
  ProcessIdentity child;
  ASSERT_EQ(read(ends[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  EXPECT_EQ(StateOf(child), ProcessState::kAlive);
  kill(pid, SIGSTOP);
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, WUNTRACED), pid);
  EXPECT_EQ(StateOf(child), ProcessState::kStopped);
  kill(pid, SIGKILL);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(StateOf(child), ProcessState::kDead) << "as a zombie";
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(StateOf(child), ProcessState::kDead);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace tutti
