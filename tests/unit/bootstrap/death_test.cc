// SPDX-License-Identifier: Apache-2.0
// Ranks as processes: who dies is known to all others within a second.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/bootstrap/host_id.h"
#include "test_job.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// A rank in a process of its own, which joins the job and then runs `body` until it is killed. To be created before
// this process has threads.
class RankProcess {
 public:
  RankProcess(const JobSettings& settings, const std::function<void(TcpControlPlane*)>& body) {
    pid_ = fork();
    if (pid_ != 0) return;
    auto plane = TcpControlPlane::Connect(settings, nullptr);
    if (!plane.ok() || !(*plane)->Join((*plane)->self()).ok()) _exit(1);
    body(plane->get());
    while (true) pause();
  }
  ~RankProcess() { Kill(); }

  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

void Nothing(TcpControlPlane*) {}

TEST(Death, AKilledRankIsNamedToTheOthersWithinASecond) {
  ScratchFolder folder;
  RankProcess victim(FileJob(folder, 2, 3), Nothing);
  RecordingListener listeners[2];
  std::unique_ptr<TcpControlPlane> planes[2];
  OnEachRank(2, [&](int rank) {
    auto plane = TcpControlPlane::Connect(FileJob(folder, rank, 3), &listeners[rank]);
    ASSERT_TRUE(plane.ok()) << plane.status();
    ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
    planes[rank] = *std::move(plane);
  });
  const std::string pid = "pid " + std::to_string(victim.pid());
  const int64_t start_ns = MonotonicClock().NowNs();
  victim.Kill();
  for (RecordingListener& listener : listeners) {
    const auto reports = listener.WaitFor(1);
    EXPECT_LT(MonotonicClock().NowNs() - start_ns, kNsPerSecond);
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].kind, FailureKind::kPeerDied);
    EXPECT_EQ(reports[0].culprit, 2);
    EXPECT_THAT(reports[0].sentence, AllOf(HasSubstr("rank 2"), HasSubstr(HostName()), HasSubstr(pid)));
  }
}

TEST(Death, AKilledRankZeroIsNamedToTheOthersWithinASecond) {
  ScratchFolder folder;
  RankProcess victim(FileJob(folder, 0, 2), Nothing);
  RecordingListener listener;
  auto plane = TcpControlPlane::Connect(FileJob(folder, 1, 2), &listener);
  ASSERT_TRUE(plane.ok()) << plane.status();
  ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
  const std::string pid = "pid " + std::to_string(victim.pid());
  const int64_t start_ns = MonotonicClock().NowNs();
  victim.Kill();
  const auto reports = listener.WaitFor(1);
  EXPECT_LT(MonotonicClock().NowNs() - start_ns, kNsPerSecond);
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, FailureKind::kPeerDied);
  EXPECT_EQ(reports[0].culprit, 0);
  EXPECT_THAT(reports[0].sentence, AllOf(HasSubstr("rank 0"), HasSubstr(pid)));
  EXPECT_THAT((*plane)->Lookup({0}).ok(), true);  // known already
  EXPECT_THAT((*plane)->FetchAdd("x", 1).status().ToString(), AllOf(HasSubstr("rank 0"), HasSubstr("died")));
}

TEST(Death, AForkedChildOfADeadRankDoesNotHideItsDeath) {
  ScratchFolder folder;
  int child_pipe[2];
  ASSERT_EQ(pipe(child_pipe), 0);
  // Like a data loader: a child that never calls exec, outlives its parent, and even runs the parent's destructors.
  RankProcess victim(FileJob(folder, 1, 2), [&](TcpControlPlane* plane) {
    const pid_t child = fork();
    if (child == 0) {
      plane->Leave();
      while (true) pause();
    }
    if (write(child_pipe[1], &child, sizeof child) != sizeof child) _exit(1);
  });
  RecordingListener listener;
  auto plane = TcpControlPlane::Connect(FileJob(folder, 0, 2), &listener);
  ASSERT_TRUE(plane.ok()) << plane.status();
  ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
  pid_t child = -1;
  ASSERT_EQ(read(child_pipe[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
  EXPECT_TRUE((*plane)->FetchAdd("x", 1).ok());
  usleep(50'000);  // the child's Leave, if it were heard, would be heard by now
  EXPECT_THAT(listener.reports(), SizeIs(0));
  victim.Kill();
  const auto reports = listener.WaitFor(1);
  kill(child, SIGKILL);
  close(child_pipe[0]);
  close(child_pipe[1]);
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, FailureKind::kPeerDied);
  EXPECT_EQ(reports[0].culprit, 1);
}

TEST(Death, AStoppedRankIsNotDeadButSilent) {
  ScratchFolder folder;
  RankProcess stopped(FileJob(folder, 1, 2), Nothing);
  RecordingListener listener;
  auto plane = TcpControlPlane::Connect(FileJob(folder, 0, 2), &listener);
  ASSERT_TRUE(plane.ok()) << plane.status();
  ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
  ASSERT_EQ(kill(stopped.pid(), SIGSTOP), 0);
  const auto activities = (*plane)->AskActivity(0, 0, {0, 1}, kNsPerSecond);
  EXPECT_TRUE(activities[0].answered);
  EXPECT_FALSE(activities[1].answered);
  EXPECT_THAT(listener.reports(), SizeIs(0));
}

TEST(HostId, IsTheSameForProcessesOfOneHost) {
  int child_pipe[2];
  ASSERT_EQ(pipe(child_pipe), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string id = HostId();
    const bool written = write(child_pipe[1], id.data(), id.size()) == static_cast<ssize_t>(id.size());
    _exit(written ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  char id[1024];
  const ssize_t bytes = read(child_pipe[0], id, sizeof id);
  ASSERT_GT(bytes, 36);
  EXPECT_EQ(HostId(), std::string(id, static_cast<size_t>(bytes)));
  close(child_pipe[0]);
  close(child_pipe[1]);
}

}  // namespace
}  // namespace tutti
