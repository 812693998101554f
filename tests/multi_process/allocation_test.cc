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

// Arguments: elements, and "uneven" for an all_gather_v instead, or "codec" and the codec of the all-reduces. Says how many allocations 200 all-reduces made after 50 had warmed up what they use.
RANK_PROGRAM(CountAllocations) {
  const long before_joining = AllocationsSoFar();
  const tutti_comm_t comm = Join();
  Require(AllocationsSoFar() > before_joining, "the counter sees what the library allocates");
  const size_t count = std::stoul(context.arguments[0]);
  const bool uneven = context.arguments.size() == 2;
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  if (context.arguments.size() == 3) options.codec = context.arguments[2].c_str();
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
      REQUIRE_OK(
          tutti_all_reduce(comm, values.data(), sums.data(), count, TUTTI_FLOAT32, TUTTI_SUM, &options, nullptr));
    }
  };
  const int calls = count < 100000 ? 200 : 40;
  reduce(calls / 4);
  const long before = AllocationsSoFar();
  reduce(calls);
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

// Argument: "group", "requests" or "persistent".
RANK_PROGRAM(CountAllocationsOfMany) {
  const tutti_comm_t comm = Join();
  const std::string& what = context.arguments[0];
  std::vector<std::vector<float>> values(20, std::vector<float>(50, 1.0f));
  std::vector<tutti_request_t> requests(values.size());
  tutti_persistent_t sum = nullptr;
  REQUIRE_OK(
      tutti_all_reduce_init(comm, values[0].data(), values[0].data(), 50, TUTTI_FLOAT32, TUTTI_MAX, nullptr, &sum));
  const auto once = [&] {
    if (what == "persistent") {
      REQUIRE_OK(tutti_persistent_start(sum));
      REQUIRE_OK(tutti_persistent_wait(sum));
      return REQUIRE_OK(tutti_persistent_run(sum));
    }
    REQUIRE_OK(tutti_group_start());
    for (size_t i = 0; i < values.size(); ++i) {
      REQUIRE_OK(tutti_all_reduce(comm, values[i].data(), values[i].data(), 50, TUTTI_FLOAT32, TUTTI_MAX, nullptr,
                                  what == "requests" ? &requests[i] : nullptr));
    }
    REQUIRE_OK(tutti_group_end());
    REQUIRE_OK(tutti_request_wait_all(static_cast<int>(requests.size()), requests.data()));
  };
  for (int i = 0; i < 50; ++i) once();
  const long before = AllocationsSoFar();
  for (int i = 0; i < 200; ++i) once();
  const long after = AllocationsSoFar();
  MeetOutside(context, "after counting");
  Say("allocations", after - before);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class AllocationsOfMany : public testing::TestWithParam<const char*> {};

TEST_P(AllocationsOfMany, AreNotMadeOnceAllIsThere) {
  Job job("CountAllocationsOfMany", 2, {.arguments = {GetParam()}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 2; ++rank) EXPECT_EQ(job.SaidNumber(rank, "allocations"), 0) << "rank " << rank;
}

INSTANTIATE_TEST_SUITE_P(, AllocationsOfMany, testing::Values("group", "requests", "persistent"),
                         [](const auto& test) { return std::string(test.param); });

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

class CodecAllocations : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

// Warnings are off: that a codec does not pay on this path is said once, in a sentence that takes memory.
TEST_P(CodecAllocations, AreNotMadeByARepeatedAllReduceWithACodec) {
  const auto [codec, transport] = GetParam();
  Job job("CountAllocations", 3,
          {.arguments = {"200000", "codec", codec},
           .environment = {{"TUTTI_TRANSPORT", transport}, {"TUTTI_LOG", "error"}}});
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 3; ++rank) EXPECT_EQ(job.SaidNumber(rank, "allocations"), 0) << "rank " << rank;
}

INSTANTIATE_TEST_SUITE_P(, CodecAllocations,
                         testing::Combine(testing::Values("int8+error_feedback", "topk", "lossless"),
                                          testing::Values("shm", "tcp")),
                         [](const auto& test) {
                           std::string name = std::string(std::get<0>(test.param)) + "_" + std::get<1>(test.param);
                           for (char& c : name) c = c == '+' ? '_' : c;
                           return name;
                         });

INSTANTIATE_TEST_SUITE_P(, Allocations,
                         testing::Combine(testing::Values("1", "1000", "20000", "1000000"), testing::Values(1, 2, 4),
                                          testing::Values("0", "1")),
                         [](const auto& test) {
                           return TestName(std::string(std::get<0>(test.param)) + "_elements", std::get<1>(test.param),
                                           std::get<2>(test.param));
                         });

}  // namespace
}  // namespace tutti::multi_process
