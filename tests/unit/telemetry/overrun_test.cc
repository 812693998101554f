// SPDX-License-Identifier: Apache-2.0
#include "lib/telemetry/overrun.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace tutti {
namespace {

using testing::HasSubstr;
using testing::Not;

OperationTiming Timing(int64_t queued, int64_t waited, int64_t reduced, int64_t moved) {
  OperationTiming timing;
  timing.queued_ns = queued;
  timing.waited_ns = waited;
  timing.reduced_ns = reduced;
  timing.moved_ns = moved;
  timing.total_ns = queued + waited + reduced + moved;
  timing.last_rank = 2;
  timing.last_by_ns = waited;
  return timing;
}

std::string Sentence(const OperationTiming& timing) {
  return DescribeOverrun("all_reduce(...)", timing, 1'000'000,
                         [](int32_t rank) { return absl::StrCat("rank ", rank, " (host b)"); });
}

TEST(Overrun, ALateRankIsNamed) {
  OperationTiming timing = Timing(10, 40'000'000, 1'000'000, 200'000);
  EXPECT_EQ(
      Sentence(timing),
      "all_reduce(...) took 41.2 ms, over its budget of 1 ms: 40 ms of it waiting for rank 2 (host b), which called "
      "it last, 40 ms after this rank.");
  EXPECT_EQ(CulpritOf(timing), 2);
  timing.last_error_ns = 15'000;
  EXPECT_THAT(Sentence(timing), HasSubstr("40 ms (give or take 15 us) after this rank"));
}

TEST(Overrun, ASlowPathIsNamedAndNotTheLastRank) {
  OperationTiming timing = Timing(0, 10'000, 0, 5'000'000);
  EXPECT_THAT(Sentence(timing), HasSubstr("5 ms of it moving bytes."));
  EXPECT_EQ(CulpritOf(timing), -1);
  timing.slowest = {.peer = 5, .step = 3, .bytes = 65536, .ns = 4'900'000, .error_ns = 0};
  EXPECT_THAT(Sentence(timing),
              HasSubstr("65536 bytes in step 4, came from rank 5 (host b) and was 4.9 ms on its way"));
  EXPECT_THAT(Sentence(timing), Not(HasSubstr("rank 2")));
  EXPECT_EQ(CulpritOf(timing), 5);
}

TEST(Overrun, ThisRanksOwnDoingIsNobodyElses) {
  EXPECT_THAT(Sentence(Timing(0, 10, 3'000'000'000, 20)), HasSubstr("3 s of it reducing on this rank."));
  EXPECT_THAT(Sentence(Timing(2'500'000, 10, 30, 20)), HasSubstr("2.5 ms of it behind other operations"));
  EXPECT_EQ(CulpritOf(Timing(0, 10, 3000, 20)), -1);
  EXPECT_EQ(CulpritOf(Timing(4000, 10, 3000, 20)), -1);
  EXPECT_THAT(Sentence(Timing(0, 0, 0, 0)), HasSubstr("took 0 ns"));
}

}  // namespace
}  // namespace tutti
