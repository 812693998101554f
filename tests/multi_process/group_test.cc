// SPDX-License-Identifier: Apache-2.0
// Groups of calls: results as if each had been made alone, fewer operations, no deadlock, and ranks that group differently.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

int64_t CountOperations(tutti_comm_t comm, const char* collective) {
  struct Sum {
    const char* collective;
    int64_t count;
  } sum{collective, 0};
  REQUIRE_OK(tutti_telemetry_snapshot(
      comm,
      [](void* context, const tutti_histogram_t* histogram) {
        auto* all = static_cast<Sum*>(context);
        if (std::string(histogram->collective) == all->collective) all->count += static_cast<int64_t>(histogram->count);
      },
      &sum));
  return sum.count;
}

float Value(int rank, size_t call, size_t i) { return static_cast<float>((i + call) % 11) + static_cast<float>(rank); }

std::vector<float> Values(int rank, size_t call, size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = Value(rank, call, i);
  return values;
}

void CheckSum(const std::vector<float>& got, size_t call, double factor, const RankContext& context) {
  for (size_t i = 0; i < got.size(); ++i) {
    double expected = 0;
    for (int rank = 0; rank < context.size; ++rank) expected += factor * static_cast<double>(Value(rank, call, i));
    Require(got[i] == static_cast<float>(expected),
            "all_reduce " + std::to_string(call) + ", element " + std::to_string(i));
  }
}

// Small and large ones, of several kinds, in place and not, scaled, with and without requests: three rounds of the same group.
RANK_PROGRAM(MixedGroups) {
  const tutti_comm_t comm = Join();
  const int last = context.size - 1;
  const double half = 0.5;
  tutti_options_t scaled = TUTTI_OPTIONS_INIT;
  scaled.scale = &half;
  for (int round = 0; round < 3; ++round) {
    std::vector<std::vector<float>> in, out;
    for (const size_t count : {1, 100, 0, 3000, 100'000, 7, 8000}) {
      in.push_back(Values(context.rank, in.size(), count));
      out.push_back(in.back());
    }
    std::vector<int32_t> seven(5, context.rank == last ? 7 : 0), eight(9, context.rank == last ? 8 : 0);
    std::vector<int32_t> largest(4, context.rank), smallest(3, context.rank), total(2, context.rank), other(2, -1);
    tutti_request_t requests[2] = {};
    REQUIRE_OK(tutti_group_start());
    for (size_t i = 0; i < in.size(); ++i) {
      float* send = i % 2 == 0 ? out[i].data() : in[i].data();
      const tutti_options_t* options = i == 3 ? &scaled : nullptr;
      tutti_request_t* request = i == 1 ? &requests[0] : i == 5 ? &requests[1] : nullptr;
      REQUIRE_OK(tutti_all_reduce(comm, send, out[i].data(), in[i].size(), TUTTI_FLOAT32, TUTTI_SUM, options, request));
      if (i == 0) REQUIRE_OK(tutti_broadcast(comm, seven.data(), seven.data(), 5, TUTTI_INT32, last, nullptr, nullptr));
      if (i == 2) {
        REQUIRE_OK(tutti_group_start());  // nested: nothing begins when it ends
        REQUIRE_OK(tutti_all_reduce(comm, largest.data(), largest.data(), 4, TUTTI_INT32, TUTTI_MAX, nullptr, nullptr));
        REQUIRE_OK(tutti_broadcast(comm, eight.data(), eight.data(), 9, TUTTI_INT32, last, nullptr, nullptr));
        REQUIRE_OK(tutti_group_end());
      }
    }
    REQUIRE_OK(tutti_all_reduce(comm, smallest.data(), smallest.data(), 3, TUTTI_INT32, TUTTI_MIN, nullptr, nullptr));
    REQUIRE_OK(tutti_reduce(comm, total.data(), other.data(), 1, TUTTI_INT32, TUTTI_SUM, last, nullptr, nullptr));
    REQUIRE_OK(tutti_reduce(comm, &total[1], &other[1], 1, TUTTI_INT32, TUTTI_SUM, last, nullptr, nullptr));
    Require(requests[0] == nullptr && largest[0] == context.rank, "nothing has begun yet");
    REQUIRE_OK(tutti_group_end());
    Require(requests[0] != nullptr && requests[1] != nullptr, "requests come with the end of the group");
    REQUIRE_OK(tutti_request_wait_all(2, requests));
    for (size_t i = 0; i < in.size(); ++i) CheckSum(out[i], i, i == 3 ? 0.5 : 1, context);
    for (int32_t value : seven) Require(value == 7, "a broadcast");
    for (int32_t value : eight) Require(value == 8, "another broadcast");
    for (int32_t value : largest) Require(value == last, "a maximum");
    for (int32_t value : smallest) Require(value == 0, "a minimum");
    const int32_t sum = context.size * last / 2;
    if (context.rank == last) Require(other[0] == sum && other[1] == sum, "sums on the root");
    if (context.rank != last) Require(other[0] == -1 && other[1] == -1, "nothing elsewhere");
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

RANK_PROGRAM(ManySmallSums) {
  const tutti_comm_t comm = Join();
  std::vector<std::vector<float>> values;
  for (size_t i = 0; i < 64; ++i) values.push_back(Values(context.rank, i, 16));
  REQUIRE_OK(tutti_group_start());
  for (auto& v : values)
    REQUIRE_OK(tutti_all_reduce(comm, v.data(), v.data(), v.size(), TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
  REQUIRE_OK(tutti_group_end());
  for (size_t i = 0; i < values.size(); ++i) CheckSum(values[i], i, 1, context);
  const int64_t operations = CountOperations(comm, "all_reduce");
  Require(operations == 1, "64 sums are one operation, not " + std::to_string(operations));
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Blocking sends and receives of more than any transport takes without its receiver, all round at once and both ways.
RANK_PROGRAM(MeetInAGroup) {
  const tutti_comm_t comm = Join();
  constexpr size_t kCount = 400'000;
  const int right = (context.rank + 1) % context.size, left = (context.rank + context.size - 1) % context.size;
  const std::vector<int32_t> out(kCount, context.rank);
  std::vector<int32_t> from_left(kCount), from_right(kCount);
  tutti_options_t back = TUTTI_OPTIONS_INIT;
  back.tag = 1;
  REQUIRE_OK(tutti_group_start());
  REQUIRE_OK(tutti_send(comm, out.data(), kCount, TUTTI_INT32, right, nullptr, nullptr));
  REQUIRE_OK(tutti_send(comm, out.data(), kCount, TUTTI_INT32, left, &back, nullptr));
  REQUIRE_OK(tutti_recv(comm, from_right.data(), kCount, TUTTI_INT32, right, &back, nullptr));
  REQUIRE_OK(tutti_recv(comm, from_left.data(), kCount, TUTTI_INT32, left, nullptr, nullptr));
  REQUIRE_OK(tutti_group_end());
  Require(from_left.front() == left && from_left.back() == left, "from the left");
  Require(from_right.front() == right && from_right.back() == right, "from the right");
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Several communicators in one group: ranks name them in different orders.
RANK_PROGRAM(GroupOfCommunicators) {
  const tutti_comm_t world = Join();
  tutti_comm_t twin = nullptr;
  REQUIRE_OK(tutti_comm_split(world, 0, 0, &twin));
  int32_t a[2] = {1, 2}, b[2] = {10, 20};
  const bool first = context.rank % 2 == 0;
  REQUIRE_OK(tutti_group_start());
  for (int i = 0; i < 2; ++i) {
    for (const bool world_now : {first, !first}) {
      int32_t* value = world_now ? &a[i] : &b[i];
      REQUIRE_OK(tutti_all_reduce(world_now ? world : twin, value, value, 1, TUTTI_INT32, TUTTI_SUM, nullptr, nullptr));
    }
  }
  REQUIRE_OK(tutti_group_end());
  Require(a[0] == context.size && a[1] == 2 * context.size, "sums of the one");
  Require(b[0] == 10 * context.size && b[1] == 20 * context.size, "sums of the other");
  REQUIRE_OK(tutti_comm_destroy(twin));
  REQUIRE_OK(tutti_comm_destroy(world));
}

// As many elements in all, but cut otherwise on the last rank.
RANK_PROGRAM(GroupDifferently) {
  const tutti_comm_t comm = Join();
  float values[8] = {};
  const size_t first = context.rank == context.size - 1 ? 3 : 5;
  Synchronise(comm);
  MeetOutside(context, "before");
  REQUIRE_OK(tutti_group_start());
  REQUIRE_OK(tutti_all_reduce(comm, values, values, first, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
  REQUIRE_OK(
      tutti_all_reduce(comm, values + first, values + first, 8 - first, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
  SayFailure(comm, tutti_group_end());
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// The one that dies leaves the others in a group, some of whose calls have requests.
RANK_PROGRAM(DieBeforeTheGroup) {
  const tutti_comm_t comm = Join();
  float values[8] = {};
  Synchronise(comm);
  MeetOutside(context, "before");
  if (context.rank == context.size - 1) std::_Exit(0);
  tutti_request_t request = nullptr;
  REQUIRE_OK(tutti_group_start());
  REQUIRE_OK(tutti_all_reduce(comm, values, values, 4, TUTTI_FLOAT32, TUTTI_SUM, nullptr, &request));
  REQUIRE_OK(tutti_all_reduce(comm, values + 4, values + 4, 4, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr));
  const tutti_status_t status = tutti_group_end();
  Require(status == TUTTI_ERR_PEER_FAILED, "the group's end says what happened");
  Require(request == nullptr || tutti_request_wait(&request) == TUTTI_ERR_PEER_FAILED, "so does the request");
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Group : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(Group, Holds) {
  const auto [program, num_ranks] = GetParam();
  Job job(program, num_ranks);
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, Group,
                         testing::Combine(testing::Values("MixedGroups", "ManySmallSums", "MeetInAGroup",
                                                          "GroupOfCommunicators", "DieBeforeTheGroup"),
                                          testing::Values(3)),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

TEST(GroupMismatch, IsTold) {
  Job job("GroupDifferently", 3);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 3; ++rank) {
    EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_MISMATCH");
    EXPECT_THAT(job.Said(rank, "sentence"),
                testing::ContainsRegex("a group of 2 \\(lengths #[0-9a-f]+\\) all_reduce\\(float32, sum"));
  }
}

}  // namespace
}  // namespace tutti::multi_process
