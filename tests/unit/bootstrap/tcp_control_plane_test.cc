// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/tcp_control_plane.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "test_job.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TcpControlPlaneOfSize : public ::testing::TestWithParam<int> {};

TEST_P(TcpControlPlaneOfSize, AllRanksJoinAndFindEachOther) {
  const int size = GetParam();
  JoinedJob job(size);
  ASSERT_TRUE(job.ok());
  OnEachRank(size, [&](int rank) {
    TcpControlPlane& plane = *job.planes[static_cast<size_t>(rank)];
    EXPECT_EQ(plane.rank(), rank);
    EXPECT_EQ(plane.size(), size);
    EXPECT_EQ(plane.local_address(), "127.0.0.1");
    EXPECT_EQ(plane.DataSecret(), job.planes[0]->DataSecret());
    EXPECT_THAT(plane.DataSecret(), SizeIs(32));
    for (int repeat = 0; repeat < 2; ++repeat) {
      const auto cards = plane.Lookup({size - 1, 0, size - 1});
      ASSERT_TRUE(cards.ok()) << cards.status();
      ASSERT_THAT(*cards, SizeIs(3));
      EXPECT_EQ((*cards)[0].rank, size - 1);
      EXPECT_EQ((*cards)[0].address, "address " + std::to_string(size - 1));
      EXPECT_EQ((*cards)[0].host_id, plane.self().host_id);
      EXPECT_EQ((*cards)[1].rank, 0);
      EXPECT_EQ((*cards)[1].pid, getpid());
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Sizes, TcpControlPlaneOfSize, ::testing::Values(1, 2, 3, 16));

TEST(TcpControlPlane, LookupOfManyRanksTakesSeveralMessages) {
  constexpr int kRanks = 150;  // more than fit one message
  JoinedJob job(kRanks);
  ASSERT_TRUE(job.ok());
  std::vector<int> all;
  for (int rank = kRanks - 1; rank >= 0; --rank) all.push_back(rank);
  const auto cards = job.planes[7]->Lookup(all);
  ASSERT_TRUE(cards.ok()) << cards.status();
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ((*cards)[i].rank, all[i]);
  const auto activities = job.planes[3]->AskActivity(1, 2, all, 5 * kNsPerSecond);
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(activities[i].rank, all[i]);
    EXPECT_TRUE(activities[i].answered);
  }
}

TEST(TcpControlPlane, LookupOfARankThatDoesNotExistIsRefused) {
  JoinedJob job(2);
  ASSERT_TRUE(job.ok());
  EXPECT_EQ(job.planes[1]->Lookup({2}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(job.planes[1]->Lookup({-1}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(TcpControlPlane, TellsWhichRanksShareAHost) {
  JoinedJob job(3);
  ASSERT_TRUE(job.ok());
  // Whoever has joined has been told, so that it does not matter how soon rank 0 leaves.
  job.planes[0]->Leave();
  for (int rank = 1; rank < 3; ++rank) {
    const auto places = job.planes[static_cast<size_t>(rank)]->WhereAllAre();
    ASSERT_TRUE(places.ok()) << places.status();
    EXPECT_EQ(places->hosts, std::vector<int>(3, 0));
    EXPECT_TRUE(places->wider.empty());
  }
}

// Here all have the same clock.
TEST(TcpControlPlane, AsksForTheServicesClockOnceItIsTold) {
  JoinedJob job(2);
  ASSERT_TRUE(job.ok());
  job.planes[1]->FollowServiceClock();
  const auto readings = job.listeners[1].WaitForClock(5);
  ASSERT_GE(readings.size(), 5u);
  for (const auto& reading : readings) {
    EXPECT_LE(reading.asked_ns, reading.service_ns + 1'000);
    EXPECT_LE(reading.service_ns, reading.heard_ns + 1'000);
  }
  EXPECT_THAT(job.listeners[0].WaitForClock(0), SizeIs(0));
}

TEST(TcpControlPlane, EveryRankDrawsItsOwnValueFromACounter) {
  constexpr int kRanks = 8;
  JoinedJob job(kRanks);
  ASSERT_TRUE(job.ok());
  std::vector<std::atomic<int>> drawn(kRanks * 10);
  OnEachRank(kRanks, [&](int rank) {
    for (int i = 0; i < 10; ++i) {
      const auto value = job.planes[static_cast<size_t>(rank)]->FetchAdd("channel", 1);
      ASSERT_TRUE(value.ok()) << value.status();
      ASSERT_LT(*value, drawn.size());
      ++drawn[*value];
    }
  });
  for (const auto& times : drawn) EXPECT_EQ(times.load(), 1);
  EXPECT_EQ(job.planes[0]->FetchAdd("other", 3).value(), 0u);
  EXPECT_FALSE(job.planes[0]->FetchAdd("", 1).ok());
  EXPECT_FALSE(job.planes[0]->FetchAdd(std::string(300, 'k'), 1).ok());
}

TEST(TcpControlPlane, AReportReachesAllOthersOnceAndTheFirstOfAChannelWins) {
  JoinedJob job(4);
  ASSERT_TRUE(job.ok());
  FailureReport report;
  report.kind = FailureKind::kTimeout;
  report.culprit = 3;
  report.channel = 5;
  report.sentence = "rank 3 is late";
  job.planes[1]->Report(report);
  EXPECT_THAT(job.listeners[2].WaitFor(1), SizeIs(1));
  report.sentence = "somebody else's view";
  job.planes[2]->Report(report);
  report.channel = 6;
  job.planes[2]->Report(report);
  for (size_t rank : {0u, 3u}) {
    const auto reports = job.listeners[rank].WaitFor(2);
    ASSERT_THAT(reports, SizeIs(2));
    EXPECT_EQ(reports[0].reporter, 1);
    EXPECT_EQ(reports[0].culprit, 3);
    EXPECT_EQ(reports[0].kind, FailureKind::kTimeout);
    EXPECT_EQ(reports[0].sentence, "rank 3 is late");
    EXPECT_EQ(reports[1].channel, 6u);
    EXPECT_EQ(reports[1].reporter, 2);
  }
  const auto of_first = job.listeners[1].WaitFor(1);
  ASSERT_THAT(of_first, SizeIs(1));
  EXPECT_EQ(of_first[0].channel, 6u);
}

TEST(TcpControlPlane, AListenerMayReportFromWithinACall) {
  class Echo : public RecordingListener {
   public:
    void OnFailure(const FailureReport& report) override {
      FailureReport reply = report;
      reply.channel = report.channel + 1;
      if (report.channel == 1) plane->Report(reply);
      RecordingListener::OnFailure(report);
    }
    TcpControlPlane* plane = nullptr;
  };
  ScratchFolder folder;
  RecordingListener first;
  Echo echo;
  std::unique_ptr<TcpControlPlane> planes[2];
  OnEachRank(2, [&](int rank) {
    auto plane = TcpControlPlane::Connect(FileJob(folder, rank, 2), rank == 0 ? &first : &echo);
    ASSERT_TRUE(plane.ok()) << plane.status();
    if (rank == 1) echo.plane = plane->get();
    ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
    planes[rank] = *std::move(plane);
  });
  FailureReport report;
  report.kind = FailureKind::kAborted;
  report.channel = 1;
  planes[0]->Report(report);
  ASSERT_THAT(first.WaitFor(1), SizeIs(1));
  EXPECT_EQ(first.reports()[0].channel, 2u);
}

TEST(TcpControlPlane, LeavingInGoodOrderIsToldAndIsNoDeath) {
  JoinedJob job(3);
  ASSERT_TRUE(job.ok());
  ASSERT_TRUE(job.planes[0]->Lookup({2}).ok());  // now rank 0 can say more about rank 2
  job.planes[2]->Leave();
  for (size_t rank : {0u, 1u}) {
    const auto reports = job.listeners[rank].WaitFor(1);
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].kind, FailureKind::kPeerLeft);
    EXPECT_EQ(reports[0].culprit, 2);
    EXPECT_THAT(reports[0].sentence, AllOf(HasSubstr("rank 2"), HasSubstr("left")));
  }
  EXPECT_THAT(job.listeners[0].reports()[0].sentence, HasSubstr("pid " + std::to_string(getpid())));
  EXPECT_THAT(job.listeners[2].reports(), IsEmpty());
  EXPECT_FALSE(job.planes[2]->FetchAdd("x", 1).ok());
  EXPECT_TRUE(job.planes[1]->FetchAdd("x", 1).ok());
}

TEST(TcpControlPlane, WhenRankZeroLeavesTheOthersAreToldAndLaterCallsSaySo) {
  JoinedJob job(2);
  ASSERT_TRUE(job.ok());
  job.planes[0]->Leave();
  const auto reports = job.listeners[1].WaitFor(1);
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].kind, FailureKind::kPeerLeft);
  EXPECT_EQ(reports[0].culprit, 0);
  const auto counter = job.planes[1]->FetchAdd("x", 1);
  ASSERT_FALSE(counter.ok());
  EXPECT_THAT(std::string(counter.status().message()),
              AllOf(HasSubstr("rank 1 cannot add"), HasSubstr("rank 0"), HasSubstr("has left the job")));
  job.planes[1]->Report(reports[0]);  // goes nowhere, harms nothing
  EXPECT_THAT(job.planes[1]->AskActivity(0, 0, {0}, 10 * kNsPerMs), SizeIs(1));
}

TEST(TcpControlPlane, ActivityIsCollectedAndTheSilentAreMarked) {
  ScratchFolder folder;
  RecordingListener listeners[2];
  class Stuck : public RecordingListener {
   public:
    Activity OnActivityQuestion(uint32_t, uint64_t) override {
      std::unique_lock<std::mutex> lock(mutex);
      released_changed.wait(lock, [this] { return released; });
      return {};
    }
    std::mutex mutex;
    std::condition_variable released_changed;
    bool released = false;
  } stuck;
  std::unique_ptr<TcpControlPlane> planes[3];
  OnEachRank(3, [&](int rank) {
    ControlPlaneListener* listener = rank == 2 ? static_cast<ControlPlaneListener*>(&stuck) : &listeners[rank];
    auto plane = TcpControlPlane::Connect(FileJob(folder, rank, 3), listener);
    ASSERT_TRUE(plane.ok()) << plane.status();
    ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
    planes[rank] = *std::move(plane);
  });
  const int64_t start_ns = MonotonicClock().NowNs();
  const auto activities = planes[0]->AskActivity(4, 9, {0, 2, 1}, kNsPerSecond);
  EXPECT_LT(MonotonicClock().NowNs() - start_ns, 5 * kNsPerSecond);
  ASSERT_THAT(activities, SizeIs(3));
  EXPECT_TRUE(activities[0].answered);
  EXPECT_EQ(activities[1].rank, 2);
  EXPECT_FALSE(activities[1].answered);
  EXPECT_TRUE(activities[2].answered);
  EXPECT_EQ(activities[2].rank, 1);
  EXPECT_EQ(activities[2].entered, 4u);
  EXPECT_EQ(activities[2].completed, 9u);
  EXPECT_EQ(activities[2].signature, 77u);
  EXPECT_EQ(activities[2].description, "waits");
  {
    std::lock_guard<std::mutex> lock(stuck.mutex);
    stuck.released = true;
    stuck.released_changed.notify_all();
  }
}

TEST(TcpControlPlane, ARankThatIsGoneIsNotWaitedForAsASilentOne) {
  JoinedJob job(3);
  ASSERT_TRUE(job.ok());
  job.planes[2]->Leave();
  job.listeners[0].WaitFor(1);
  const int64_t start_ns = MonotonicClock().NowNs();
  const auto activities = job.planes[0]->AskActivity(0, 0, {1, 2}, 60 * kNsPerSecond);
  EXPECT_LT(MonotonicClock().NowNs() - start_ns, 10 * kNsPerSecond);
  EXPECT_TRUE(activities[0].answered);
  EXPECT_FALSE(activities[1].answered);
}

TEST(TcpControlPlane, ASecondJobCanMeetAtTheSamePlaceWhileTheFirstLives) {
  JoinedJob first(2);
  ASSERT_TRUE(first.ok());
  std::atomic<int> joined{0};
  std::string secret;
  OnEachRank(2, [&](int rank) {
    auto plane = TcpControlPlane::Connect(FileJob(first.folder, rank, 2), nullptr);
    ASSERT_TRUE(plane.ok()) << plane.status();
    ASSERT_TRUE((*plane)->Join((*plane)->self()).ok());
    ++joined;
    if (rank == 0) secret = (*plane)->DataSecret();
  });
  EXPECT_EQ(joined, 2);
  EXPECT_NE(secret, first.planes[0]->DataSecret());
  EXPECT_TRUE(first.planes[1]->FetchAdd("x", 1).ok());
}

TEST(TcpControlPlane, NothingIsLeftOfTheRendezvousFileOnceAllHaveJoined) {
  JoinedJob job(2);
  ASSERT_TRUE(job.ok());
  EXPECT_NE(access(job.folder.File("rendezvous").c_str(), F_OK), 0);
}

}  // namespace
}  // namespace tutti
