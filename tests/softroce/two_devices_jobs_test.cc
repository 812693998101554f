// SPDX-License-Identifier: Apache-2.0
// Jobs on a host with two RDMA devices, whose ranks use different ones.
#include <string>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"

namespace tutti::multi_process {
namespace {

using testing::HasSubstr;

// Rank r uses rxe0 or rxe1, as r is even or odd; with three ranks the last has none.
JobOptions EachItsOwn(const std::string& collective, const std::string& transport) {
  return {.arguments = {collective},
          .environment = {{"TUTTI_LOG", "debug"}, {"TUTTI_TRANSPORT", transport}},
          .for_one_rank = {{0, {{"TUTTI_VERBS_DEVICES", "rxe0"}}},
                           {1, {{"TUTTI_VERBS_DEVICES", "^rxe0"}}},
                           {2, {{"TUTTI_VERBS_DEVICES", "rxe7"}}}}};
}

class DifferentDevices : public testing::TestWithParam<const char*> {};

TEST_P(DifferentDevices, GiveWhatAnElementWiseReferenceGives) {
  Job job("RunCollective", 2, EachItsOwn(GetParam(), "verbs"));
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Output(0), HasSubstr("RDMA by rxe0:1: RoCE, MTU 4096"));
  EXPECT_THAT(job.Output(1), HasSubstr("RDMA by rxe1:1: RoCE, MTU 4096"));
  for (int rank = 0; rank < 2; ++rank) EXPECT_THAT(job.Output(rank), HasSubstr("is reached by verbs"));
}

INSTANTIATE_TEST_SUITE_P(TwoDevicesJob, DifferentDevices, testing::Values("all_reduce", "all_to_all"),
                         [](const auto& test) { return std::string(test.param); });

TEST(TwoDevicesJob, RanksOfAHostTakeADeviceEachInTurn) {
  Job job("RunCollective", 2,
          {.arguments = {"broadcast"}, .environment = {{"TUTTI_LOG", "debug"}, {"TUTTI_TRANSPORT", "verbs"}}});
  ASSERT_TRUE(job.AllSucceed());
  EXPECT_THAT(job.Output(0), HasSubstr("RDMA by rxe0:1"));
  EXPECT_THAT(job.Output(1), HasSubstr("RDMA by rxe1:1"));
}

// Each pair takes what both have.
TEST(TwoDevicesJob, ARankWithoutADeviceIsReachedByTcpTheOthersByRdma) {
  Job job("RunCollective", 3, EachItsOwn("all_to_all", "verbs,tcp"));
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 3; ++rank) {
    for (int peer = 0; peer < 3; ++peer) {
      if (peer == rank) continue;
      const std::string path = rank == 2 || peer == 2 ? "tcp" : "verbs";
      EXPECT_THAT(job.Output(rank),
                  testing::ContainsRegex("rank " + std::to_string(peer) + " \\(.*\\) is reached by " + path));
    }
  }
}

}  // namespace
}  // namespace tutti::multi_process
