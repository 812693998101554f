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

const Knowledge& Names() {
  static const Knowledge& knowledge =
      *new Knowledge{[](int32_t rank) { return absl::StrCat("rank ", rank, " (host h", rank, ")"); }};
  return knowledge;
}

TEST(Diagnosis, ASilentProcessIsNamedBeforeThoseThatWaitForIt) {
  Activity silent;
  silent.rank = 2;
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {Present(1), silent, Present(3)}, Names());
  EXPECT_FALSE(diagnosis.is_mismatch);
  EXPECT_EQ(diagnosis.culprit, 2);
  EXPECT_THAT(diagnosis.sentence, AllOf(HasSubstr("did not finish within 2 s"), HasSubstr("No answer from rank 2"),
                                        Not(HasSubstr("Not called yet"))));
}

TEST(Diagnosis, ARankThatHasNotCalledIsNamed) {
  Activity late = Present(3);
  late.entered = 17;
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {Present(1), Present(2), late}, Names());
  EXPECT_EQ(diagnosis.culprit, 3);
  EXPECT_THAT(diagnosis.sentence, HasSubstr("Not called yet by rank 3"));
}

TEST(Diagnosis, ADifferentCallIsAMismatchAndNamesBoth) {
  Activity other = Present(2);
  other.signature = PackSignature({.collective = Collective::kBroadcast, .type = DataType::kInt32, .count = 5});
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {Present(1), other}, Names());
  EXPECT_TRUE(diagnosis.is_mismatch);
  EXPECT_EQ(diagnosis.culprit, 2);
  EXPECT_THAT(diagnosis.sentence,
              AllOf(HasSubstr("barrier()"), HasSubstr("rank 2 (host h2) called broadcast(int32 x 5")));
}

TEST(Diagnosis, WhenAllArePresentItSaysWhoIsWaitedFor) {
  Activity waiting = Present(1);
  waiting.description = "waits: step 2 of 2: receive 0 bytes from rank 3";
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {waiting, Present(2), Present(3)}, Names());
  EXPECT_EQ(diagnosis.culprit, 1);
  EXPECT_THAT(diagnosis.sentence, AllOf(HasSubstr("All other ranks are alive and have called it"),
                                        HasSubstr("rank 1 (host h1): waits: step 2 of 2")));
}

TEST(Diagnosis, MessagesAreNotNumberedAcrossRanks) {
  StalledOperation operation = Stalled();
  operation.is_message = true;
  Activity idle;
  idle.rank = 1;
  idle.answered = true;
  const Diagnosis diagnosis = JudgeAnswers(operation, 0, {idle}, Names());
  EXPECT_FALSE(diagnosis.is_mismatch);
  EXPECT_THAT(diagnosis.sentence, Not(HasSubstr("Not called yet")));
}

TEST(Diagnosis, SaysWhoHasNotSentAndWhatEachLastCompleted) {
  StalledOperation operation = Stalled();
  operation.senders = {1};
  Activity late = Present(3);
  late.entered = late.completed = 12;
  Activity new_one = Present(2);
  new_one.entered = new_one.completed = 0;
  Knowledge knowledge = Names();
  knowledge.call_of = [](uint32_t, uint64_t sequence) { return sequence == 11 ? "all_reduce(float32 x 5)" : ""; };
  const Diagnosis diagnosis = JudgeAnswers(operation, 0, {Present(1), new_one, late}, knowledge);
  EXPECT_THAT(diagnosis.sentence,
              AllOf(HasSubstr("Not called yet by rank 2 (host h2), rank 3 (host h3):"),
                    HasSubstr("Called, but not yet sent what is awaited here: rank 1."),
                    HasSubstr("Last completed: none by rank 2; operation 11, all_reduce(float32 x 5), by rank 3; "
                              "operation 16 by rank 1.")));
}

TEST(Diagnosis, OfASilentRankTellsWhatItsFlightRecordSays) {
  Activity silent;
  silent.rank = 2;
  Knowledge knowledge = Names();
  knowledge.record_of = [](int32_t rank, uint32_t) -> std::optional<Activity> {
    if (rank != 2) return std::nullopt;
    return Activity{.rank = 2, .entered = 17, .completed = 16, .description = "in operation 16, 1 of 2 steps done"};
  };
  const Diagnosis diagnosis = JudgeAnswers(Stalled(), 0, {Present(1), silent, Present(3)}, knowledge);
  EXPECT_THAT(diagnosis.sentence,
              AllOf(HasSubstr("The flight record of rank 2 says: in operation 16, 1 of 2 steps done."),
                    HasSubstr("Last completed: operation 15 by rank 2.")));
}

}  // namespace
}  // namespace tutti
