// SPDX-License-Identifier: Apache-2.0
// The suite can fail: each defect is noticed by the check that is there for it, and the same check passes without it.
#include <cstring>
#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "broken_transport.h"
#include "checks.h"
#include "sim_fixture.h"

namespace tutti::conformance {
namespace {

struct Mutation {
  Defect defect;
  const char* name;
  const char* noticed_by;  // a check's name

  friend std::ostream& operator<<(std::ostream& out, const Mutation& mutation) { return out << mutation.name; }
};

const Mutation kMutations[] = {
    {Defect::kLosesMessages, "LosesMessages", "EveryRequestCompletesOnce"},
    {Defect::kConfusesIds, "ConfusesIds", "ABatchIsAsGoodAsSinglePosts"},
    {Defect::kMixesUpChannels, "MixesUpChannels", "EveryFieldOfAnIdCounts"},
    {Defect::kCorruptsBuffers, "CorruptsBuffers", "EveryLengthArrivesInItsBuffer"},
    {Defect::kCorruptsBuffers, "CorruptsBuffersInASoak", "RandomTrafficOfTwoArrives"},
    {Defect::kCorruptsViews, "CorruptsViews", "EveryLengthIsShownByView"},
    {Defect::kWritesBehindBuffers, "WritesBehindBuffers", "EveryEarlyLengthArrivesInItsBuffer"},
    {Defect::kSwapsViewParts, "SwapsViewParts", "EveryLengthIsShownByView"},
    {Defect::kRaggedViewParts, "RaggedViewParts", "EveryEarlyLengthIsShownByView"},
    {Defect::kViewsEndEarly, "ViewsEndEarly", "EveryLengthIsShownByView"},
    {Defect::kRepeatsSendCompletions, "RepeatsSendCompletions", "EveryRequestCompletesOnce"},
    {Defect::kRepeatsRecvCompletions, "RepeatsRecvCompletions", "EveryRequestCompletesOnce"},
    {Defect::kNeverCompletesSends, "NeverCompletesSends", "EveryRequestCompletesOnce"},
    {Defect::kSendsAreDoneTooSoon, "SendsAreDoneTooSoon", "LargeMessagesShareAPath"},
    {Defect::kSendsAreDoneTooSoon, "LargeSendsAreDoneTooSoon", "LargeMessagesWaitForTheirReceives"},
    {Defect::kDeliversMismatches, "DeliversMismatches", "DifferentLengthsAreRefused"},
    {Defect::kMismatchTellsNothing, "MismatchTellsNothing", "DifferentSignaturesAreRefused"},
    {Defect::kMismatchMovesBytes, "MismatchMovesBytes", "DifferentSignaturesAreRefused"},
    {Defect::kNeverCompletesSends, "NeverCompletesMismatchedSends", "MismatchesDoNotUseUpTheBudget"},
    {Defect::kKeepsWithoutBound, "KeepsWithoutBound", "AFloodingSenderIsHeldBack"},
    {Defect::kHoldsBackForGood, "HoldsBackForGood", "AHeldBackMessageComesWhenItsReceiveIsPosted"},
    {Defect::kKeepsFailuresSecret, "KeepsFailuresSecret", "ADeadPeerIsReportedOnceAndItsRequestsAreDropped"},
    {Defect::kKeepsFailuresSecret, "KeepsUnreachablePeersSecret", "APeerThatCannotBeReachedIsReported"},
    {Defect::kReportsFailuresTwice, "ReportsFailuresTwice", "APeerMayDieInTheMiddleOfItsMessages"},
    {Defect::kFailuresHaveNoReason, "FailuresHaveNoReason", "RequestsToADeadPeerAreDropped"},
    {Defect::kFailureTakesOthersAlong, "FailureTakesOthersAlong", "ADeadPeerIsReportedOnceAndItsRequestsAreDropped"},
    {Defect::kClosedChannelsLiveOn, "ClosedChannelsLiveOn", "AClosedChannelDropsItsRequestsOnly"},
    {Defect::kClosedChannelsLiveOn, "ClosedChannelsKeepArrivals", "WhatArrivesForAClosedChannelIsDropped"},
    {Defect::kClosedChannelsLiveOn, "ClosedChannelsTakeRequests", "RequestsOnAClosedChannelAreDropped"},
    {Defect::kClosingTakesOthersAlong, "ClosingTakesOthersAlong", "AClosedChannelDropsItsRequestsOnly"},
    {Defect::kClosePeerIsReported, "ClosePeerIsReported", "ClosePeerIsSilentHereAndAFailureThere"},
    {Defect::kTakesAnyAddress, "TakesAnyAddress", "AddressesAreShortAndChecked"},
    {Defect::kHidesEarlyMessages, "HidesEarlyMessages", "EarlyMessagesAreShown"},
    {Defect::kWritesPastTheCompletions, "WritesPastTheCompletions", "APollWithRoomForOneGivesOne"},
    {Defect::kAllocates, "Allocates", "NothingIsAllocatedInSteadyState"},
    {Defect::kLosesStamps, "LosesStamps", "EveryMessageBringsItsStamp"},
    {Defect::kMixesUpStamps, "MixesUpStamps", "EveryMessageBringsItsStamp"},
    {Defect::kDeniesUnsentBytes, "DeniesUnsentBytes", "SmallMessagesOutliveTheirSender"},
};

const NamedCheck* FindCheck(const char* name) {
  for (const NamedCheck& check : AllChecks()) {
    if (std::strcmp(check.name, name) == 0) return &check;
  }
  return nullptr;
}

absl::Status RunOver(const NamedCheck& check, Defect defect) {
  sim::NetworkOptions options;
  options.complete_sends_early = defect == Defect::kDeniesUnsentBytes;  // otherwise there is nothing to deny
  return check.run(*WithDefect(MakeSimFixture(check.num_ranks, options), defect));
}

class MutationTest : public ::testing::TestWithParam<Mutation> {};

TEST_P(MutationTest, IsNoticed) {
  const NamedCheck* check = FindCheck(GetParam().noticed_by);
  ASSERT_NE(check, nullptr) << "no check is called " << GetParam().noticed_by;
  const absl::Status status = RunOver(*check, GetParam().defect);
  EXPECT_FALSE(status.ok()) << check->name << " does not notice";
  EXPECT_FALSE(absl::IsUnimplemented(status)) << status;
}

std::string NameOf(const ::testing::TestParamInfo<Mutation>& parameter) { return parameter.param.name; }

INSTANTIATE_TEST_SUITE_P(Defects, MutationTest, ::testing::ValuesIn(kMutations), NameOf);

TEST(Mutations, PassWithoutTheirDefect) {
  for (const Mutation& mutation : kMutations) {
    const NamedCheck* check = FindCheck(mutation.noticed_by);
    ASSERT_NE(check, nullptr) << "no check is called " << mutation.noticed_by;
    // The decorator's own notes would be counted as the transport's.
    const Defect none = mutation.defect == Defect::kAllocates ? Defect::kNoneAndNoNotes : Defect::kNone;
    const absl::Status status = RunOver(*check, none);
    EXPECT_TRUE(status.ok()) << check->name << ": " << status;
  }
}

}  // namespace
}  // namespace tutti::conformance
