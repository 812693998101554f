// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/in_process_control_plane.h"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RecordingListener : public ControlPlaneListener {
 public:
  void OnFailure(const FailureReport& report) override {
    reports.push_back(report);
    if (on_failure) on_failure(report);
  }
  Activity OnActivityQuestion(uint32_t channel, uint64_t sequence) override {
    Activity activity;
    activity.entered = channel;
    activity.completed = sequence;
    activity.description = "busy";
    return activity;
  }

  std::vector<FailureReport> reports;
  std::function<void(const FailureReport&)> on_failure;
};

class InProcessControlPlane : public ::testing::Test {
 protected:
  static constexpr int kRanks = 4;
  InProcessControlPlane() {
    for (int rank = 0; rank < kRanks; ++rank) job.SetListener(rank, &listeners[rank]);
  }
  FailureReport Timeout(uint32_t channel, int culprit) {
    FailureReport report;
    report.kind = FailureKind::kTimeout;
    report.channel = channel;
    report.culprit = culprit;
    report.sentence = "rank waited too long";
    return report;
  }

  RecordingListener listeners[kRanks];
  InProcessJob job{kRanks};
};

TEST_F(InProcessControlPlane, KnowsItsRankAndSize) {
  EXPECT_EQ(job.plane(2)->rank(), 2);
  EXPECT_EQ(job.plane(2)->size(), kRanks);
}

TEST_F(InProcessControlPlane, AReportReachesAllOthersButNotItsReporter) {
  job.plane(1)->Report(Timeout(7, 3));
  EXPECT_THAT(listeners[1].reports, IsEmpty());
  for (int rank : {0, 2, 3}) {
    ASSERT_THAT(listeners[rank].reports, SizeIs(1));
    EXPECT_EQ(listeners[rank].reports[0].reporter, 1);
    EXPECT_EQ(listeners[rank].reports[0].culprit, 3);
    EXPECT_EQ(listeners[rank].reports[0].channel, 7u);
  }
}

TEST_F(InProcessControlPlane, OnlyTheFirstReportOfAChannelIsPassedOn) {
  job.plane(1)->Report(Timeout(7, 3));
  job.plane(2)->Report(Timeout(7, 1));
  job.plane(2)->Report(Timeout(8, 1));
  ASSERT_THAT(listeners[0].reports, SizeIs(2));
  EXPECT_EQ(listeners[0].reports[0].channel, 7u);
  EXPECT_EQ(listeners[0].reports[0].culprit, 3);
  EXPECT_EQ(listeners[0].reports[1].channel, 8u);
}

TEST_F(InProcessControlPlane, ADeathIsReportedToAllOthersOnceWithHostAndPid) {
  job.SetCard({2, "node7", "id", 4242, ""});
  job.Kill(2);
  job.Kill(2);
  EXPECT_THAT(listeners[2].reports, IsEmpty());
  for (int rank : {0, 1, 3}) {
    ASSERT_THAT(listeners[rank].reports, SizeIs(1));
    EXPECT_EQ(listeners[rank].reports[0].kind, FailureKind::kPeerDied);
    EXPECT_EQ(listeners[rank].reports[0].culprit, 2);
    EXPECT_THAT(listeners[rank].reports[0].sentence, AllOf(HasSubstr("rank 2"), HasSubstr("node7"), HasSubstr("4242")));
  }
  EXPECT_FALSE(job.plane(2)->FetchAdd("x", 1).ok());
}

TEST_F(InProcessControlPlane, LeavingIsToldAsLeavingAndIsNoDeath) {
  job.plane(3)->Leave();
  job.Kill(3);
  ASSERT_THAT(listeners[0].reports, SizeIs(1));
  EXPECT_EQ(listeners[0].reports[0].kind, FailureKind::kPeerLeft);
  EXPECT_EQ(listeners[0].reports[0].culprit, 3);
  job.plane(0)->Report(Timeout(1, 0));
  EXPECT_THAT(listeners[3].reports, IsEmpty());
}

TEST_F(InProcessControlPlane, AnOwnedPlaneLeavesWhenItIsDestroyed) {
  job.NewPlane(1).reset();
  ASSERT_THAT(listeners[0].reports, SizeIs(1));
  EXPECT_EQ(listeners[0].reports[0].kind, FailureKind::kPeerLeft);
}

TEST_F(InProcessControlPlane, AListenerMayReportAndAllHearInTheSameOrder) {
  listeners[0].on_failure = [&](const FailureReport& report) {
    if (report.channel == 1) job.plane(0)->Report(Timeout(2, 0));
  };
  job.plane(3)->Report(Timeout(1, 2));
  for (int rank : {1, 2}) {
    ASSERT_THAT(listeners[rank].reports, SizeIs(2));
    EXPECT_EQ(listeners[rank].reports[0].channel, 1u);
    EXPECT_EQ(listeners[rank].reports[1].channel, 2u);
  }
}

TEST_F(InProcessControlPlane, LookupGivesCardsInTheOrderAsked) {
  job.SetCard({3, "n3", "h3", 33, "address3"});
  auto cards = job.plane(0)->Lookup({3, 1});
  ASSERT_TRUE(cards.ok());
  ASSERT_THAT(*cards, SizeIs(2));
  EXPECT_EQ((*cards)[0].address, "address3");
  EXPECT_EQ((*cards)[1].rank, 1);
  EXPECT_FALSE(job.plane(0)->Lookup({kRanks}).ok());
}

TEST_F(InProcessControlPlane, RanksWithTheSameHostIdShareAHost) {
  EXPECT_EQ(job.plane(0)->WhereAllAre()->hosts, std::vector<int>(kRanks, 0));
  PeerCard card;
  card.rank = 1;
  card.host_id = "elsewhere";
  job.SetCard(card);
  card.rank = 0;
  card.host_id = "in-process";
  card.locality = "rack1";
  job.SetCard(card);
  const Places places = job.plane(2)->WhereAllAre().value();
  EXPECT_EQ(places.hosts[0], 0);
  EXPECT_EQ(places.hosts[1], 1);
  EXPECT_EQ(places.hosts[2], 0);
  EXPECT_EQ(places.wider, std::vector<std::vector<int>>(1, places.hosts));
}

TEST_F(InProcessControlPlane, CountersAreSharedByAllRanks) {
  EXPECT_EQ(job.plane(0)->FetchAdd("channel", 2).value(), 0u);
  EXPECT_EQ(job.plane(1)->FetchAdd("channel", 1).value(), 2u);
  EXPECT_EQ(job.plane(2)->FetchAdd("other", 1).value(), 0u);
  EXPECT_EQ(job.plane(2)->FetchAdd("channel", 0).value(), 3u);
}

TEST_F(InProcessControlPlane, ActivityComesFromTheLivingAndTheSilentAreMarked) {
  job.Freeze(1);
  job.Kill(2);
  const std::vector<Activity> answers = job.plane(0)->AskActivity(5, 9, {0, 1, 2, 3}, 1'000'000);
  ASSERT_THAT(answers, SizeIs(4));
  EXPECT_TRUE(answers[0].answered);
  EXPECT_EQ(answers[0].entered, 5u);
  EXPECT_EQ(answers[0].completed, 9u);
  EXPECT_FALSE(answers[1].answered);
  EXPECT_EQ(answers[1].rank, 1);
  EXPECT_FALSE(answers[2].answered);
  EXPECT_TRUE(answers[3].answered);
}

TEST_F(InProcessControlPlane, AThawedRankHearsWhatItMissed) {
  job.Freeze(1);
  job.plane(0)->Report(Timeout(4, 2));
  EXPECT_THAT(listeners[1].reports, IsEmpty());
  job.Thaw(1);
  EXPECT_THAT(listeners[1].reports, SizeIs(1));
}

TEST(InProcessControlPlaneThreads, NoListenerCallAfterLeaveReturns) {
  class Guarded : public ControlPlaneListener {
   public:
    void OnFailure(const FailureReport&) override {
      EXPECT_FALSE(left.load());
      ++calls;
    }
    Activity OnActivityQuestion(uint32_t, uint64_t) override { return {}; }
    std::atomic<bool> left{false};
    std::atomic<int> calls{0};
  };
  constexpr int kRanks = 8;
  Guarded listeners[kRanks];
  InProcessJob job(kRanks);
  for (int rank = 0; rank < kRanks; ++rank) job.SetListener(rank, &listeners[rank]);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < kRanks; ++rank) {
    threads.emplace_back([&, rank] {
      for (uint32_t i = 0; i < 200; ++i) {
        FailureReport report;
        report.kind = FailureKind::kAborted;
        report.channel = static_cast<uint32_t>(rank) * 1000 + i;
        job.plane(rank)->Report(report);
      }
      job.plane(rank)->Leave();
      listeners[rank].left = true;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(listeners[0].calls.load() + listeners[1].calls.load(), 0);
}

}  // namespace
}  // namespace tutti
