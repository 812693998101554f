// SPDX-License-Identifier: Apache-2.0
// A repeated collective allocates nothing, on no thread of the process.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/multi_process/counting_malloc.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

// Arguments: elements, and whether it is an all_gather_v instead. Says how many allocations 200 all-reduces made after 50 had warmed up what they use.
RANK_PROGRAM(CountAllocations) {
  const long before_joining = AllocationsSoFar();
  const tutti_comm_t comm = Join();
  Require(AllocationsSoFar() > before_joining, "the counter sees what the library allocates");
  const size_t count = std::stoul(context.arguments[0]);
  const bool uneven = context.arguments.size() > 1;
  const size_t ranks = static_cast<size_t>(context.size);
  const std::vector<size_t> counts(ranks, count);
  std::vector<float> values(count, 1.0f), sums(uneven ? count * ranks : count);
  const auto reduce = [&](int times) {
    for (int i = 0; i < times; ++i) {
      if (uneven) {
        REQUIRE_OK(tutti_all_gather_v(comm, values.data(), sums.data(), counts.data(), nullptr, TUTTI_FLOAT32, nullptr,
                                      nullptr));
        continue;
      }
      REQUIRE_OK(tutti_all_reduce(comm, values.data(), sums.data(), count, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
    }
  };
  reduce(50);
  const long before = AllocationsSoFar();
  reduce(200);
  const long after = AllocationsSoFar();
  // Nobody leaves while another still counts: hearing of a rank's end is the control path's, and allocates.
  MeetOutside(context, "after counting");
  Say("allocations", after - before);
  void* volatile memory = malloc(1);  // volatile: or the compiler knows better
  free(memory);
  int* volatile number = new int;
  delete number;
  Require(AllocationsSoFar() >= after + 2, "the counter sees malloc and new");
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Allocations : public testing::TestWithParam<std::tuple<const char*, int, const char*>> {};

TEST_P(Allocations, AreNotMadeByARepeatedBlockingAllReduce) {
  const auto [count, num_ranks, progress_thread] = GetParam();
  Job job("CountAllocations", num_ranks,
          {.arguments = {count}, .environment = {{"TUTTI_PROGRESS_THREAD", progress_thread}}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < num_ranks; ++rank) EXPECT_EQ(job.SaidNumber(rank, "allocations"), 0) << "rank " << rank;
}

TEST(UnevenAllocations, AreNotMadeByARepeatedCallWithTheSameCounts) {
  Job job("CountAllocations", 2, {.arguments = {"1000", "uneven"}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 2; ++rank) EXPECT_EQ(job.SaidNumber(rank, "allocations"), 0) << "rank " << rank;
}

INSTANTIATE_TEST_SUITE_P(, Allocations,
                         testing::Combine(testing::Values("1", "1000", "20000", "1000000"), testing::Values(1, 2, 4),
                                          testing::Values("0", "1")),
                         [](const auto& test) {
                           return TestName(std::string(std::get<0>(test.param)) + "_elements", std::get<1>(test.param),
                                           std::get<2>(test.param));
                         });

}  // namespace
}  // namespace tutti::multi_process
