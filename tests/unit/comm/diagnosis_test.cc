// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

#include "lib/comm/call.h"
#include "lib/comm/diagnostician.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

StalledOperation Stalled() {
  StalledOperation operation;
  operation.sequence = 17;
  operation.signature = PackSignature({.collective = Collective::kBarrier});
  operation.name = "barrier(), operation 17 of communicator 0";
  operation.waits = "step 1 of 2: receive 0 bytes from rank 1";
  operation.waits_for = {1};
  operation.members = {0, 1, 2, 3};
  operation.running_ns = 2'000'000'000;
  return operation;
}

Activity Present(int rank) {
  return {.rank = rank,
          .answered = true,
          .entered = 18,
          .completed = 17,
          .signature = Stalled().signature,
          .description = ""};
}

std::string Name(int32_t rank) { return absl::StrCat("rank ", rank); }

TEST(Diagnosis, ASilentProcessIsNamedBeforeThoseThatWaitForIt) {
  Activity silent;
  silent.rank = 2;
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {Present(1), silent, Present(3)}, Name);
  EXPECT_FALSE(diagnosis.is_mismatch);
  EXPECT_EQ(diagnosis.culprit, 2);
  EXPECT_THAT(diagnosis.sentence, AllOf(HasSubstr("did not finish within 2 s"), HasSubstr("No answer from rank 2"),
                                        Not(HasSubstr("Not called yet"))));
}

TEST(Diagnosis, ARankThatHasNotCalledIsNamed) {
  Activity late = Present(3);
  late.entered = 17;
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {Present(1), Present(2), late}, Name);
  EXPECT_EQ(diagnosis.culprit, 3);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("Not called yet by rank 3"));
}

TEST(Diagnosis, ADifferentCallIsAMismatchAndNamesBoth) {
  Activity other = Present(2);
  other.signature = PackSignature({.collective = Collective::kBroadcast, .type = DataType::kInt32, .count = 5});
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {Present(1), other}, Name);
  EXPECT_TRUE(diagnosis.is_mismatch);
  EXPECT_EQ(diagnosis.culprit, 2);
  EXPECT_THAT(diagnosis.sentence, AllOf(HasSubstr("barrier()"), HasSubstr("rank 2 called broadcast(int32 x 5")));
}

TEST(Diagnosis, WhenAllArePresentItSaysWhoIsWaitedFor) {
  Activity waiting = Present(1);
  waiting.description = "waits: step 2 of 2: receive 0 bytes from rank 3";
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {waiting, Present(2), Present(3)}, Name);
  EXPECT_EQ(diagnosis.culprit, 1);
  EXPECT_THAT(diagnosis.sentence, AllOf(HasSubstr("All other ranks are alive and have called it"),
                                        HasSubstr("rank 1: waits: step 2 of 2")));
}

TEST(Diagnosis, MessagesAreNotNumberedAcrossRanks) {
  StalledOperation operation = Stalled();
  operation.is_message = true;
  Activity idle;
  idle.rank = 1;
  idle.answered = true;
  const Diagnosis diagnosis = JudgeAnswers(operation, 0, {idle}, Name);
  EXPECT_FALSE(diagnosis.is_mismatch);
  EXPECT_THAT(diagnosis.sentence, Not(HasSubstr("Not called yet")));
}

}  // namespace
}  // namespace tutti
