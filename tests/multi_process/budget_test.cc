// SPDX-License-Identifier: Apache-2.0
// Soft limits: an operation over its budget is told of, with the rank to blame; one that does not finish is told of long
// before its deadline.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

struct Told {
  int times = 0;
  int culprit = -2;
  std::string sentence;
  int64_t waited_ns = 0;
};

void Note(void* context, const tutti_overrun_t* overrun) {
  Told& told = *static_cast<Told*>(context);
  ++told.times;
  told.culprit = overrun->culprit;
  told.sentence = overrun->sentence;
  told.waited_ns = overrun->timing.waited_ns;
  Require(overrun->timing.total_ns > overrun->budget_ns, "only what took longer than the budget is told");
}

// Five times the last rank is late by 300 ms; the budget is 100 ms, far beyond what a busy machine does to the others.
RANK_PROGRAM(OverBudget) {
  const tutti_comm_t comm = Join();
  const bool by_option = context.arguments[0] == "option";
  std::vector<float> values(1000, 1.0f);
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  if (by_option) options.budget_ns = 100 * kMs;
  Told told;
  Synchronise(comm);
  REQUIRE_OK(tutti_telemetry_budget(comm, by_option ? 0 : 100 * kMs, Note, &told));
  for (int i = 0; i < 5; ++i) {
    if (context.rank == context.size - 1) SleepMs(300);
    REQUIRE_OK(tutti_all_reduce(comm, values.data(), values.data(), values.size(), TUTTI_FLOAT32, TUTTI_MAX, &options,
                                nullptr));
  }
  REQUIRE_OK(tutti_telemetry_budget(comm, 0, nullptr, nullptr));
  Say("times", told.times);
  Say("culprit", told.culprit);
  Say("sentence", told.sentence);
  Say("waited_ns", told.waited_ns);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Budget : public testing::TestWithParam<std::string> {};

TEST_P(Budget, OverrunsAreToldWithTheRankToBlame) {
  Job job("OverBudget", 3, {.arguments = {GetParam()}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 2; ++rank) {
    EXPECT_EQ(job.SaidNumber(rank, "times"), 5);
    EXPECT_EQ(job.SaidNumber(rank, "culprit"), 2);
    EXPECT_THAT(job.Said(rank, "sentence"), testing::HasSubstr("all_reduce(float32 x 1000, max"));
    EXPECT_THAT(job.Said(rank, "sentence"),
                testing::ContainsRegex("over its budget of 100 ms: .* waiting for " + RankName(2)));
    EXPECT_GE(job.SaidNumber(rank, "waited_ns"), 250 * kMs);
    // The log has one line a second at most.
    const std::string output = job.Output(rank);
    size_t lines = 0;
    for (size_t at = output.find("warn: all_reduce"); at != std::string::npos;
         at = output.find("warn: all_reduce", at + 1)) {
      ++lines;
    }
    EXPECT_GE(lines, 1u) << output;
    EXPECT_LE(lines, 3u) << output;
  }
  EXPECT_EQ(job.SaidNumber(2, "times"), 0);  // it did not wait for anybody
}

INSTANTIATE_TEST_SUITE_P(, Budget, testing::Values("communicator", "option"),
                         [](const auto& the_case) { return the_case.param; });

// Of one rank's own making, and from the environment.
RANK_PROGRAM(BudgetFromTheEnvironment) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  if (context.rank == 1) SleepMs(200);
  Synchronise(comm);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(BudgetFromOutside, ComesFromTheEnvironment) {
  Job job("BudgetFromTheEnvironment", 2, {.environment = {{"TUTTI_BUDGET", "50ms"}}});
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Output(0), testing::ContainsRegex("over its budget of 50 ms: .* waiting for " + RankName(1)));
}

RANK_PROGRAM(OneComesAfterFourSeconds) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  if (context.rank == 1) SleepMs(4500);
  Synchronise(comm);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(Unfinished, IsToldOfLongBeforeTheDeadlineWithWhoHasNotCome) {
  Job job("OneComesAfterFourSeconds", 3);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank : {0, 2}) {
    EXPECT_THAT(job.Output(rank), testing::ContainsRegex(
                                      "warn: all_reduce.* has not finished after 3.*Not called yet by " + RankName(1)));
  }
  EXPECT_THAT(job.Output(1), testing::Not(testing::HasSubstr("has not finished")));
}

}  // namespace
}  // namespace tutti::multi_process
