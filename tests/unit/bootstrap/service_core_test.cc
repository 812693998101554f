// SPDX-License-Identifier: Apache-2.0
// The service's decisions, without sockets, threads or time.
#include "lib/bootstrap/service_core.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/bootstrap/frame.h"
#include "lib/bootstrap/rank_ranges.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ServiceCoreTest : public ::testing::Test, public ServiceCore::Outlet {
 protected:
  static constexpr int kRanks = 4;

  void Send(int rank, absl::string_view frame) override {
    Message message;
    ASSERT_TRUE(DecodeMessage(frame.substr(4), &message));
    sent[static_cast<size_t>(rank)].push_back(message);
  }
  void OnAllJoined() override { ++all_joined_calls; }

  static Message OfType(MessageType type) {
    Message message;
    message.type = type;
    return message;
  }
  Message Introduction(int rank, uint32_t size = kRanks) {
    Message message = OfType(MessageType::kIntroduce);
    message.size = size;
    message.card = {rank, "node" + std::to_string(rank), "id", 100 + rank, ""};
    return message;
  }
  void Join(int rank) {
    ASSERT_FALSE(core.Admit(Introduction(rank)).has_value());
    Message join = OfType(MessageType::kJoin);
    join.card = Introduction(rank).card;
    ASSERT_TRUE(core.Handle(rank, join, 0));
  }
  void JoinAll() {
    for (int rank = 0; rank < kRanks; ++rank) Join(rank);
    for (auto& messages : sent) messages.clear();
  }
  std::vector<MessageType> TypesTo(int rank) {
    std::vector<MessageType> types;
    for (const Message& message : sent[static_cast<size_t>(rank)]) types.push_back(message.type);
    return types;
  }

  std::vector<Message> sent[kRanks];
  int all_joined_calls = 0;
  ServiceCore core{kRanks, this};
};

TEST_F(ServiceCoreTest, RanksHearTheWordOfRank0AndNoOther) {
  for (int rank : {1, 0, 2, 3}) {
    ASSERT_FALSE(core.Admit(Introduction(rank)).has_value());
    Message join = OfType(MessageType::kJoin);
    join.card = Introduction(rank).card;
    join.sentence = "word of rank " + std::to_string(rank);
    ASSERT_TRUE(core.Handle(rank, join, 0));
  }
  for (const auto& messages : sent) EXPECT_EQ(messages.back().sentence, "word of rank 0");
}

TEST_F(ServiceCoreTest, NobodyIsToldToBeginBeforeAllHaveJoined) {
  for (int rank = 0; rank + 1 < kRanks; ++rank) Join(rank);
  EXPECT_THAT(TypesTo(0), ElementsAre(MessageType::kWelcome));
  EXPECT_EQ(core.MissingSentence(), "rank 3 of 4 has not joined");
  Join(3);
  for (int rank = 0; rank < kRanks; ++rank) {
    EXPECT_THAT(TypesTo(rank), ElementsAre(MessageType::kWelcome, MessageType::kHosts, MessageType::kAllJoined));
  }
  EXPECT_EQ(all_joined_calls, 1);
  EXPECT_EQ(sent[2].back().card.host, "node0");
}

TEST_F(ServiceCoreTest, MessagesOutOfTurnAreRefused) {
  EXPECT_FALSE(core.Handle(0, OfType(MessageType::kFetchAdd), 0));  // not admitted
  EXPECT_FALSE(core.Handle(-1, OfType(MessageType::kGoodbye), 0));
  Join(0);
  Message join = OfType(MessageType::kJoin);
  join.card.rank = 0;
  EXPECT_FALSE(core.Handle(0, join, 0));                             // twice
  EXPECT_FALSE(core.Handle(0, OfType(MessageType::kAllJoined), 0));  // the service's own
  EXPECT_FALSE(core.Handle(0, OfType(MessageType::kAnswer), 0));     // without an activity
  ASSERT_FALSE(core.Admit(Introduction(1)).has_value());
  EXPECT_FALSE(core.Handle(1, join, 0));  // in another's name
  Message report = OfType(MessageType::kReport);
  report.report.culprit = kRanks;
  EXPECT_FALSE(core.Handle(0, report, 0));
}

TEST_F(ServiceCoreTest, WhoDoesNotFitIsRefusedWithASentence) {
  Join(1);
  EXPECT_THAT(core.Admit(Introduction(1)).value_or(""),
              AllOf(HasSubstr("two processes claim rank 1"), HasSubstr("pid 101"), HasSubstr("node1")));
  EXPECT_THAT(core.Admit(Introduction(2, 9)).value_or(""), HasSubstr("9 ranks"));
  EXPECT_THAT(core.Admit(Introduction(kRanks)).value_or(""), HasSubstr("not a rank"));
  Message nobody = Introduction(0);
  nobody.card.rank = -1;
  EXPECT_TRUE(core.Admit(nobody).has_value());
  core.Lost(1, "its connection broke");
  EXPECT_THAT(core.Admit(Introduction(1)).value_or(""), HasSubstr("gone"));
}

TEST_F(ServiceCoreTest, ADeathIsToldAtOnceAndOnceAndNamesRankHostAndPid) {
  JoinAll();
  core.Lost(2, "its control connection was reset");
  core.Lost(2, "again");
  EXPECT_THAT(TypesTo(2), IsEmpty());
  for (int rank : {0, 1, 3}) {
    ASSERT_THAT(TypesTo(rank), ElementsAre(MessageType::kFailure));
    EXPECT_EQ(sent[rank][0].report.kind, FailureKind::kPeerDied);
    EXPECT_THAT(sent[rank][0].report.sentence,
                HasSubstr("rank 2 (host node2, pid 102) died: its control connection was reset"));
  }
}

TEST_F(ServiceCoreTest, ADeathThatARankReportedFirstIsNotToldTwice) {
  JoinAll();
  Message report = OfType(MessageType::kReport);
  report.report.kind = FailureKind::kPeerDied;
  report.report.culprit = 2;
  ASSERT_TRUE(core.Handle(0, report, 0));
  core.Lost(2, "closed");
  EXPECT_THAT(TypesTo(1), ElementsAre(MessageType::kFailure));
  EXPECT_EQ(sent[1][0].report.reporter, 0);
}

TEST_F(ServiceCoreTest, GoodbyesAreToldTogetherAfterAShortDelay) {
  JoinAll();
  Message goodbye = OfType(MessageType::kGoodbye);
  ASSERT_TRUE(core.Handle(1, goodbye, 1000));
  EXPECT_EQ(core.Advance(1000), 1000 + ServiceCore::kLeaveDelayNs);
  ASSERT_TRUE(core.Handle(3, goodbye, 2000));
  core.Lost(1, "closed");  // what follows a goodbye is no death
  EXPECT_THAT(TypesTo(0), IsEmpty());
  EXPECT_EQ(core.Advance(1000 + ServiceCore::kLeaveDelayNs), kForeverNs);
  ASSERT_THAT(TypesTo(0), ElementsAre(MessageType::kLeft));
  EXPECT_THAT(sent[0][0].ranks, ElementsAre(1, 3));
  EXPECT_THAT(TypesTo(3), IsEmpty());
}

TEST_F(ServiceCoreTest, ADeathDuringStartUpEndsItForAllAlsoForThoseWhoComeLater) {
  Join(0);
  Join(1);
  core.Lost(1, "closed");
  EXPECT_THAT(TypesTo(0), ElementsAre(MessageType::kWelcome, MessageType::kStartFailed, MessageType::kFailure));
  EXPECT_THAT(sent[0][1].sentence,
              AllOf(HasSubstr("rank 1 (host node1, pid 101) died"), HasSubstr("ranks 2, 3 of 4 have not joined")));
  Join(2);
  EXPECT_THAT(TypesTo(2), ElementsAre(MessageType::kWelcome, MessageType::kStartFailed));
}

TEST_F(ServiceCoreTest, AnswersAreCollectedUntilTheDeadline) {
  JoinAll();
  Message ask = OfType(MessageType::kAskActivity);
  ask.request = 5;
  ask.channel = 7;
  ask.sequence = 8;
  ask.value = 1000;
  ask.ranks = {1, 2, 3};
  core.Lost(3, "closed");
  for (auto& messages : sent) messages.clear();
  ASSERT_TRUE(core.Handle(0, ask, 100));
  EXPECT_THAT(TypesTo(3), IsEmpty());
  ASSERT_THAT(TypesTo(1), ElementsAre(MessageType::kQuestion));
  EXPECT_EQ(sent[1][0].channel, 7u);
  EXPECT_EQ(sent[1][0].sequence, 8u);
  Message answer = OfType(MessageType::kAnswer);
  answer.request = sent[1][0].request;
  answer.activities.resize(1);
  answer.activities[0].description = "idle";
  ASSERT_TRUE(core.Handle(1, answer, 200));
  ASSERT_TRUE(core.Handle(1, answer, 200));  // a repetition changes nothing
  EXPECT_EQ(core.Advance(200), 1100);
  EXPECT_THAT(TypesTo(0), IsEmpty());
  EXPECT_EQ(core.Advance(1100), kForeverNs);
  ASSERT_THAT(TypesTo(0), ElementsAre(MessageType::kActivities));
  EXPECT_EQ(sent[0][0].request, 5u);
  ASSERT_THAT(sent[0][0].activities, SizeIs(3));
  EXPECT_TRUE(sent[0][0].activities[0].answered);
  EXPECT_EQ(sent[0][0].activities[0].description, "idle");
  EXPECT_FALSE(sent[0][0].activities[1].answered);
  EXPECT_EQ(sent[0][0].activities[2].rank, 3);
  EXPECT_FALSE(sent[0][0].activities[2].answered);
}

TEST_F(ServiceCoreTest, AQuestionEndsEarlyWhenTheLastOneAskedDies) {
  JoinAll();
  Message ask = OfType(MessageType::kAskActivity);
  ask.value = 1'000'000;
  ask.ranks = {1, 99};
  ASSERT_TRUE(core.Handle(0, ask, 0));
  core.Lost(1, "closed");
  EXPECT_THAT(TypesTo(0), ElementsAre(MessageType::kActivities, MessageType::kFailure));
}

TEST_F(ServiceCoreTest, TheEndIsToldToAllThatAreLeft) {
  JoinAll();
  core.End();
  core.End();
  for (int rank : {1, 2, 3}) {
    ASSERT_THAT(TypesTo(rank), ElementsAre(MessageType::kLeft, MessageType::kServiceEnds));
    EXPECT_THAT(sent[rank][0].ranks, ElementsAre(0));
    EXPECT_THAT(sent[rank][1].sentence, HasSubstr("rank 0 (host node0, pid 100)"));
  }
}

TEST(DescribeRanks, WritesRanges) {
  EXPECT_EQ(DescribeRanks({}), "no rank");
  EXPECT_EQ(DescribeRanks({3}), "rank 3");
  EXPECT_EQ(DescribeRanks({3, 7, 8, 9}), "ranks 3, 7-9");
  EXPECT_EQ(DescribeRanks({0, 1}), "ranks 0, 1");
  EXPECT_EQ(DescribeRanks({0, 2, 4, 6, 8}, 2), "ranks 0, 2 and 3 more");
}

// Hosts that take turns make a run of each rank: more than fit one message.
TEST_F(ServiceCoreTest, AllAreToldWhereAllAreBeforeTheyHearThatAllHaveJoined) {
  constexpr int kMany = 300;
  struct ToLast : ServiceCore::Outlet {
    void Send(int rank, absl::string_view frame) override {
      if (rank != kMany - 1) return;
      messages.emplace_back();
      ASSERT_TRUE(DecodeMessage(frame.substr(4), &messages.back()));
    }
    void OnAllJoined() override {}
    std::vector<Message> messages;
  } last;
  ServiceCore many(kMany, &last);
  for (int rank = 0; rank < kMany; ++rank) {
    Message hello = Introduction(rank, kMany);
    hello.card.host_id = rank < 200 ? std::to_string(rank % 2) : "last";
    hello.card.locality = rank < 200 ? "pod/rack" + std::to_string(rank % 2) : "pod/rack0";
    if (rank >= 250) hello.card.part = "socket1";
    ASSERT_FALSE(many.Admit(hello).has_value());
    Message join = OfType(MessageType::kJoin);
    join.card = hello.card;
    ASSERT_TRUE(many.Handle(rank, join, 0));
  }
  ASSERT_THAT(last.messages, SizeIs(4));
  EXPECT_EQ(last.messages[0].type, MessageType::kWelcome);
  const Message& first = last.messages[1];
  ASSERT_EQ(first.type, MessageType::kHosts);
  ASSERT_THAT(first.runs, SizeIs(kMaxRanksPerMessage));
  EXPECT_EQ(first.runs[0].host, 0);
  EXPECT_EQ(first.runs[1].host, 1);
  EXPECT_EQ(first.runs[127].ranks, 1u);
  EXPECT_EQ(first.flag, 1) << "one level of parts of hosts";
  EXPECT_THAT(first.runs[126].groups, ElementsAre(0, 0, 0));
  EXPECT_THAT(first.runs[127].groups, ElementsAre(1, 1, 0));
  const Message& second = last.messages[2];
  ASSERT_THAT(second.runs, SizeIs(74));
  EXPECT_EQ(second.runs[72].host, 200);
  EXPECT_EQ(second.runs[72].ranks, 50u);
  EXPECT_EQ(second.runs[73].host, 200);
  EXPECT_EQ(second.runs[73].ranks, 50u);
  EXPECT_THAT(second.runs[72].groups, ElementsAre(200, 0, 0));
  EXPECT_THAT(second.runs[73].groups, ElementsAre(250, 0, 0));
  EXPECT_EQ(last.messages[3].type, MessageType::kAllJoined);
}

TEST_F(ServiceCoreTest, RanksOfOneHostThatTellDifferentLocalitiesFailTheStart) {
  for (int rank = 0; rank < kRanks; ++rank) {
    ASSERT_FALSE(core.Admit(Introduction(rank)).has_value());
    Message join = OfType(MessageType::kJoin);
    join.card = Introduction(rank).card;
    join.card.locality = rank == 2 ? "rack2" : "rack1";
    ASSERT_TRUE(core.Handle(rank, join, 0));
  }
  EXPECT_EQ(all_joined_calls, 0);
  for (const auto& messages : sent) {
    EXPECT_EQ(messages.back().type, MessageType::kStartFailed);
    EXPECT_THAT(messages.back().sentence,
                AllOf(HasSubstr("rank 0 (host node0, pid 100) and rank 2 (host node2, pid 102) are on one host"),
                      HasSubstr("\"rack1\""), HasSubstr("\"rack2\""), HasSubstr("TUTTI_LOCALITY")));
  }
}

TEST_F(ServiceCoreTest, ALocalityThatIsNoneBreaksTheProtocol) {
  ASSERT_FALSE(core.Admit(Introduction(0)).has_value());
  Message join = OfType(MessageType::kJoin);
  join.card = Introduction(0).card;
  join.card.locality = "a//b";
  EXPECT_FALSE(core.Handle(0, join, 0));
}

}  // namespace
}  // namespace tutti
