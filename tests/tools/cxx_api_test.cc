// SPDX-License-Identifier: Apache-2.0
// The C++ face of the API, on a job of one rank.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <vector>

#include "tutti/tutti.hpp"

namespace {

class CxxApiTest : public testing::Test {
 protected:
  static tutti_comm_config_t Alone() {
    tutti_comm_config_t config = TUTTI_COMM_CONFIG_INIT;
    config.rank = 0;
    config.size = 1;
    return config;
  }
  tutti::Comm comm_{Alone()};
};

TEST_F(CxxApiTest, ElementTypesAreDeduced) {
  EXPECT_EQ(tutti::DtypeOf<int8_t>(), TUTTI_INT8);
  EXPECT_EQ(tutti::DtypeOf<unsigned char>(), TUTTI_UINT8);
  EXPECT_EQ(tutti::DtypeOf<int>(), TUTTI_INT32);
  EXPECT_EQ(tutti::DtypeOf<unsigned>(), TUTTI_UINT32);
  EXPECT_EQ(tutti::DtypeOf<long long>(), TUTTI_INT64);
  EXPECT_EQ(tutti::DtypeOf<size_t>(), TUTTI_UINT64);
  EXPECT_EQ(tutti::DtypeOf<float>(), TUTTI_FLOAT32);
  EXPECT_EQ(tutti::DtypeOf<const double>(), TUTTI_FLOAT64);
}

TEST_F(CxxApiTest, RegisteredMemoryMayMoveAndIsGivenBackOnce) {
  std::vector<double> values(1000, 2.0);
  tutti::RegisteredMemory first(comm_, values);
  tutti::RegisteredMemory second(std::move(first));
  first = tutti::RegisteredMemory(comm_, values.data(), 10);
  comm_.AllReduce(values, TUTTI_SUM);
  EXPECT_EQ(values[999], 2.0);
  EXPECT_THROW(tutti::RegisteredMemory(comm_, values.data(), 0), tutti::Error);
}

TEST_F(CxxApiTest, BuffersMayMoveAndAreTakenLikeOtherContainers) {
  tutti::Buffer<float> first(comm_, 1000);
  EXPECT_EQ(first.size(), 1000u);
  EXPECT_EQ(std::accumulate(first.begin(), first.end(), 0.0f), 0.0f);
  first[999] = 3.0f;
  tutti::Buffer<float> second(std::move(first));
  EXPECT_EQ(first.data(), nullptr);  // NOLINT(bugprone-use-after-move): that is what is asked
  comm_.AllReduce(second, TUTTI_SUM);
  EXPECT_EQ(second[999], 3.0f);
  first = std::move(second);
  EXPECT_EQ(first[999], 3.0f);
  EXPECT_THROW(tutti::Buffer<float>(comm_, 0), tutti::Error);
}

TEST_F(CxxApiTest, AnOpOfTheApplicationIsUsedLikeABuiltInOne) {
  int calls = 0;
  tutti::Op first("larger", tutti::Op::kCommutes, [&calls](const void*, void*, size_t, tutti_dtype_t) { ++calls; });
  tutti::Op op(std::move(first));
  std::vector<float> values = {1, 2};
  comm_.AllReduce(values, op);
  EXPECT_EQ(values, (std::vector<float>{1, 2}));
  EXPECT_STREQ(tutti_op_name(op), "larger");
  EXPECT_EQ(calls, 0) << "a rank that is alone has nothing to reduce";
  EXPECT_THROW(tutti::Op("no name", tutti::Op::kCommutes, [](const void*, void*, size_t, tutti_dtype_t) {}),
               tutti::Error);
}

TEST_F(CxxApiTest, AGroupBeginsWhatItCollectedAtItsEnd) {
  std::vector<float> in = {1}, out = {0}, other = {0};
  tutti::Group group;
  comm_.AllReduce(in, out, TUTTI_SUM);
  tutti::Request request = comm_.AllReduceAsync(in, other, TUTTI_SUM);
  EXPECT_TRUE(request.Test()) << "the group waits for it";
  EXPECT_EQ(out[0], 0);
  group.End();
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(other[0], 1);
  EXPECT_EQ(tutti_group_is_open(), 0);
}

TEST_F(CxxApiTest, APersistentOperationRunsManyTimesAndMayMove) {
  float in = 1, out = 0;
  tutti::Persistent first([&](tutti_persistent_t* p) {
    return tutti_all_reduce_init(comm_.handle(), &in, &out, 1, TUTTI_FLOAT32, TUTTI_SUM, nullptr, p);
  });
  tutti::Persistent sum(std::move(first));
  sum.Run();
  EXPECT_EQ(out, 1);
  in = 2;
  sum.Start();
  sum.Wait();
  EXPECT_EQ(out, 2);
  EXPECT_TRUE(sum.Test());
  EXPECT_THROW(tutti::Persistent([&](tutti_persistent_t* p) {
                 return tutti_all_reduce_init(comm_.handle(), nullptr, &out, 1, TUTTI_FLOAT32, TUTTI_SUM, nullptr, p);
               }),
               tutti::Error);
}

TEST_F(CxxApiTest, SplitByHost) {
  EXPECT_EQ(comm_.SplitType(TUTTI_SPLIT_HOST, 0).size(), 1);
  EXPECT_EQ(comm_.SplitType(TUTTI_SPLIT_ACROSS_HOSTS, 0).size(), 1);
  EXPECT_THROW(comm_.SplitType(TUTTI_SPLIT_ONE_PER_HOST, 0), tutti::Error);
}

TEST_F(CxxApiTest, CollectivesTakeAnythingContiguous) {
  const std::vector<float> send = {1, 2, 3};
  std::vector<float> recv(3);
  comm_.AllReduce(send, recv, TUTTI_SUM);
  EXPECT_EQ(recv, send);
  std::array<int, 2> array = {4, 5};
  comm_.AllReduce(array, TUTTI_MAX);
  comm_.Broadcast(array, 0);
  EXPECT_EQ(array[1], 5);
  comm_.AllGather(send, tutti::Span<float>(recv.data(), 3));
  comm_.ReduceScatter(tutti::Span<const float>(send), recv, TUTTI_AVG);
  comm_.AllToAll(send, recv);
  comm_.Gather(send, recv, 0);
  comm_.Scatter(send, recv, 0);
  comm_.Reduce(send, recv, TUTTI_PROD, 0);
  EXPECT_EQ(recv, send);
  comm_.Barrier();
}

TEST_F(CxxApiTest, BlocksOfDifferentLengthsAreCheckedAgainstTheirBuffers) {
  const std::vector<float> send = {1, 2, 3};
  const std::vector<size_t> counts = {3}, wrong = {2}, too_many = {3, 0};
  const auto expect_all = [&](const auto& call) {
    std::vector<float> recv(3);
    call(recv, counts);
    EXPECT_EQ(recv, send);
    EXPECT_THROW(call(recv, wrong), tutti::Error);
    EXPECT_THROW(call(recv, too_many), tutti::Error);
  };
  expect_all([&](auto& recv, const auto& c) { comm_.AllGatherV(send, recv, c); });
  expect_all([&](auto& recv, const auto& c) { comm_.ReduceScatterV(send, recv, c, TUTTI_SUM); });
  expect_all([&](auto& recv, const auto& c) { comm_.GatherV(send, recv, c, 0); });
  expect_all([&](auto& recv, const auto& c) { comm_.ScatterV(send, recv, c, 0); });
  expect_all([&](auto& recv, const auto& c) { comm_.AllToAllV(send, counts, recv, c); });
  std::vector<float> recv(3);
  comm_.AllToAllVAsync(send, counts, recv, counts).Wait();
  EXPECT_EQ(recv, send);
}

TEST_F(CxxApiTest, RequestsFinishByWaitByTestAndByGoingAway) {
  std::vector<double> values = {1, 2};
  tutti::Request waited = comm_.AllReduceAsync(values, TUTTI_SUM);
  waited.Wait();
  waited.Wait();  // has finished: nothing to wait for
  tutti::Request tested = comm_.BarrierAsync();
  while (!tested.Test()) {
  }
  tutti::Request moved = comm_.BroadcastAsync(values, 0);
  tested = std::move(moved);
  EXPECT_TRUE(moved.Test());  // NOLINT: a moved-from request has finished
}

TEST_F(CxxApiTest, TelemetryIsAtHand) {
  std::vector<float> values(100);
  for (int i = 0; i < 7; ++i) comm_.AllReduce(values, TUTTI_SUM);
  const tutti_timing_t timing = tutti::LastTiming();
  EXPECT_GT(timing.total_ns, 0);
  EXPECT_EQ(timing.last_rank, 0);
  uint64_t operations = 0;
  comm_.VisitHistograms([&operations](const tutti_histogram_t& histogram) {
    EXPECT_STREQ(histogram.collective, "all_reduce");
    operations += histogram.count;
  });
  EXPECT_EQ(operations, 7u);
  EXPECT_EQ(comm_.Blame(0).times_last, 7u);
  comm_.Mark();
  EXPECT_EQ(comm_.Blame(0).times_last, 0u);
  tutti::Request request = comm_.AllReduceAsync(values, TUTTI_SUM);
  tutti_timing_t own = TUTTI_TIMING_INIT;
  while (!request.Timing(&own) && !request.Test()) {
  }
  request.Wait();
  EXPECT_GT(tutti::LastTiming().total_ns, 0);
  EXPECT_THROW((void)comm_.Blame(1), tutti::Error);
}

TEST_F(CxxApiTest, FailuresAreExceptionsWithStatusAndSentence) {
  std::vector<float> values(3);
  try {
    comm_.Broadcast(values, 7);
    FAIL() << "root 7 of 1 rank was accepted";
  } catch (const tutti::Error& error) {
    EXPECT_EQ(error.status(), TUTTI_ERR_INVALID_ARGUMENT);
    EXPECT_THAT(error.what(), testing::HasSubstr("7"));
  }
  tutti::Options options;
  options.algorithm = "no_such_algorithm";
  EXPECT_THROW(comm_.AllReduce(values, TUTTI_SUM, options), tutti::Error);
  EXPECT_EQ(comm_.status(), TUTTI_OK);
}

TEST_F(CxxApiTest, SizesThatDoNotFitAreRefused) {
  std::vector<float> two(2), three(3);
  EXPECT_THROW(comm_.AllReduce(two, three, TUTTI_SUM), tutti::Error);
  EXPECT_THROW(comm_.Reduce(two, three, TUTTI_SUM, 0), tutti::Error);
  EXPECT_THROW(comm_.AllGather(two, three), tutti::Error);
  EXPECT_THROW(comm_.ReduceScatter(two, three, TUTTI_SUM), tutti::Error);
  EXPECT_THROW(comm_.AllToAll(two, three), tutti::Error);
  EXPECT_THROW(comm_.Gather(two, three, 0), tutti::Error);
  EXPECT_THROW(comm_.Scatter(two, three, 0), tutti::Error);
}

TEST_F(CxxApiTest, CommunicatorsMoveAndSplit) {
  tutti::Comm other = std::move(comm_);
  EXPECT_EQ(other.size(), 1);
  comm_ = other.Split(0, 0);
  EXPECT_EQ(comm_.rank(), 0);
  EXPECT_THROW(other.Split(-1, 0), tutti::Error);
  other.Abort("the test is over");
  EXPECT_THROW(other.Barrier(), tutti::Error);
  EXPECT_EQ(other.status(), TUTTI_ERR_ABORTED);
  EXPECT_THAT(other.last_error(), testing::HasSubstr("the test is over"));
  comm_.Barrier();
}

}  // namespace
