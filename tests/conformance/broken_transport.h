// SPDX-License-Identifier: Apache-2.0
// Transports that break one promise each, to show that the suite notices.
#ifndef TUTTI_TESTS_CONFORMANCE_BROKEN_TRANSPORT_H_
#define TUTTI_TESTS_CONFORMANCE_BROKEN_TRANSPORT_H_

#include <cstdint>
#include <memory>

#include "fixture.h"

namespace tutti::conformance {

enum class Defect : uint8_t {
  kNone,            // passes everything on: shows that what fails is the defect's doing
  kNoneAndNoNotes,  // the same, without keeping anything in memory
  kLosesMessages,
  kConfusesIds,
  kMixesUpChannels,
  kCorruptsBuffers,
  kCorruptsViews,
  kWritesBehindBuffers,
  kSwapsViewParts,
  kRaggedViewParts,
  kViewsEndEarly,
  kRepeatsSendCompletions,
  kRepeatsRecvCompletions,
  kNeverCompletesSends,
  kSendsAreDoneTooSoon,
  kDeliversMismatches,
  kMismatchTellsNothing,
  kMismatchMovesBytes,
  kKeepsWithoutBound,
  kHoldsBackForGood,
  kKeepsFailuresSecret,
  kReportsFailuresTwice,
  kFailuresHaveNoReason,
  kFailureTakesOthersAlong,
  kClosedChannelsLiveOn,
  kClosingTakesOthersAlong,
  kClosePeerIsReported,
  kTakesAnyAddress,
  kHidesEarlyMessages,
  kWritesPastTheCompletions,
  kAllocates,  // and keeps no notes
  kDeniesUnsentBytes,
  kLosesStamps,
  kMixesUpStamps,
};

// All endpoints of `fixture`, each with the defect.
std::unique_ptr<ConformanceFixture> WithDefect(std::unique_ptr<ConformanceFixture> fixture, Defect defect);

}  // namespace tutti::conformance

#endif  // TUTTI_TESTS_CONFORMANCE_BROKEN_TRANSPORT_H_
