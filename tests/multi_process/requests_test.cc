// SPDX-License-Identifier: Apache-2.0
// Several operations in flight: out-of-order waits, polling, two communicators at once; with and without a
// progress thread.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"

namespace tutti::multi_process {
namespace {

// One started all-reduce with its buffers.
struct Flight {
  Data data;
  size_t count = 0;
  std::vector<unsigned char> send, recv;
  tutti_request_t request = nullptr;

  void Start(tutti_comm_t comm, int rank) {
    const size_t bytes = count * tutti_dtype_size(data.dtype);
    send.resize(bytes);
    recv.assign(bytes, 0);
    FillContribution(data, rank, 0, count, send.data());
    REQUIRE_OK(tutti_all_reduce(comm, send.data(), recv.data(), count, data.dtype, data.op, nullptr, &request));
  }
  void Check() const {
    const std::string error = CheckReduction(data, 0, count, recv.data());
    Require(error.empty(), error);
  }
};

std::vector<Flight> MakeFlights(const RankContext& context, int round, size_t how_many) {
  std::vector<Flight> flights(how_many);
  for (size_t i = 0; i < how_many; ++i) {
    flights[i].data = {static_cast<tutti_dtype_t>(i % 10), TUTTI_SUM, context.size,
                       static_cast<uint64_t>(round) * 100 + i};
    flights[i].count = i % 5 == 4 ? 50000 : 1 + i * 37;
  }
  return flights;
}

RANK_PROGRAM(WaitInReverse) {
  const tutti_comm_t comm = Join();
  for (int round = 0; round < 10; ++round) {
    std::vector<Flight> flights = MakeFlights(context, round, 16);
    for (Flight& flight : flights) flight.Start(comm, context.rank);
    for (size_t i = flights.size(); i-- > 0;) {
      REQUIRE_OK(tutti_request_wait(&flights[i].request));
      Require(flights[i].request == nullptr, "a waited request is NULL");
      flights[i].Check();
    }
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Even ranks poll, odd ranks take whichever finishes first: both must see all others progress.
RANK_PROGRAM(PollAndWaitAny) {
  const tutti_comm_t comm = Join();
  for (int round = 0; round < 10; ++round) {
    std::vector<Flight> flights = MakeFlights(context, round, 12);
    for (Flight& flight : flights) flight.Start(comm, context.rank);
    if (context.rank % 2 == 0) {
      for (size_t left = flights.size(); left > 0;) {
        for (Flight& flight : flights) {
          if (flight.request == nullptr) continue;
          const tutti_status_t status = tutti_request_test(&flight.request);
          if (status == TUTTI_IN_PROGRESS) continue;
          RequireOk(status, "tutti_request_test");
          --left;
        }
      }
    } else {
      std::vector<tutti_request_t> requests;
      for (Flight& flight : flights) requests.push_back(flight.request);
      for (size_t i = 0; i < flights.size(); ++i) {
        int index = -1;
        REQUIRE_OK(tutti_request_wait_any(static_cast<int>(requests.size()), requests.data(), &index));
        Require(index >= 0, "wait_any finds the unfinished ones");
        Require(flights[static_cast<size_t>(index)].request != nullptr, "wait_any gives each request once");
        flights[static_cast<size_t>(index)].request = nullptr;
      }
    }
    for (const Flight& flight : flights) flight.Check();
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Operations of one communicator are ordered, those of two are not: half of the ranks start them the other way round.
RANK_PROGRAM(TwoCommunicatorsInterleaved) {
  const tutti_comm_t first = Join();
  tutti_comm_t second = nullptr;
  REQUIRE_OK(tutti_comm_split(first, 0, context.rank, &second));
  for (int round = 0; round < 20; ++round) {
    std::vector<Flight> flights = MakeFlights(context, round, 2);
    flights[1].count = 30000;
    if (context.rank % 2 == 0) {
      flights[0].Start(first, context.rank);
      flights[1].Start(second, context.rank);
    } else {
      flights[1].Start(second, context.rank);
      flights[0].Start(first, context.rank);
    }
    REQUIRE_OK(tutti_request_wait(&flights[1].request));
    REQUIRE_OK(tutti_request_wait(&flights[0].request));
    for (const Flight& flight : flights) flight.Check();
  }
  REQUIRE_OK(tutti_comm_destroy(first));
  REQUIRE_OK(tutti_comm_destroy(second));
}

// 16 MiB take milliseconds, of which nothing happens but while somebody waits: for the short operations.
RANK_PROGRAM(ShortOnesDuringALongOne) {
  const tutti_comm_t comm = Join();
  Flight large;
  large.data = {TUTTI_INT32, TUTTI_SUM, context.size, 1};
  large.count = 4 << 20;
  for (int round = 0; round < 3; ++round) {
    large.Start(comm, context.rank);
    for (uint64_t i = 0; i < 10; ++i) {
      Flight small;
      small.data = {TUTTI_INT64, TUTTI_SUM, context.size, 100 + i};
      small.count = 1 + i * 50;
      small.Start(comm, context.rank);
      REQUIRE_OK(tutti_request_wait(&small.request));
      small.Check();
      Require(i > 0 || tutti_request_test(&large.request) == TUTTI_IN_PROGRESS,
              "a short operation does not wait for a long one's end");
    }
    REQUIRE_OK(tutti_request_wait(&large.request));
    large.Check();
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

RANK_PROGRAM(TwoCommunicatorsFromTwoThreads) {
  const tutti_comm_t first = Join();
  tutti_comm_t second = nullptr;
  REQUIRE_OK(tutti_comm_split(first, 0, context.rank, &second));
  const auto work = [&context](tutti_comm_t comm, uint64_t salt) {
    for (uint64_t round = 0; round < 100; ++round) {
      Flight flight;
      flight.data = {TUTTI_INT32, TUTTI_SUM, context.size, salt + round};
      flight.count = 1 + round * 13;
      flight.Start(comm, context.rank);
      REQUIRE_OK(tutti_request_wait(&flight.request));
      flight.Check();
    }
  };
  std::thread other(work, second, 5000);
  work(first, 0);
  other.join();
  REQUIRE_OK(tutti_comm_destroy(second));
  REQUIRE_OK(tutti_comm_destroy(first));
}

RANK_PROGRAM(TwoJobsInOneProcess) {
  const tutti_comm_t first = Join();
  const tutti_comm_t second = JoinAt(context, "other");
  for (int round = 0; round < 10; ++round) {
    std::vector<Flight> flights = MakeFlights(context, round, 2);
    flights[0].Start(first, context.rank);
    flights[1].Start(second, context.rank);
    for (Flight& flight : flights) {
      REQUIRE_OK(tutti_request_wait(&flight.request));
      flight.Check();
    }
  }
  REQUIRE_OK(tutti_comm_destroy(first));
  Synchronise(second);
  REQUIRE_OK(tutti_comm_destroy(second));
}

// One thread waits for what another has started.
RANK_PROGRAM(WaitOnAnotherThread) {
  const tutti_comm_t comm = Join();
  for (int round = 0; round < 20; ++round) {
    std::vector<Flight> flights = MakeFlights(context, round, 4);
    for (Flight& flight : flights) flight.Start(comm, context.rank);
    std::thread waiter([&flights] {
      REQUIRE_OK(tutti_request_wait(&flights[3].request));
      REQUIRE_OK(tutti_request_wait(&flights[1].request));
    });
    REQUIRE_OK(tutti_request_wait(&flights[0].request));
    REQUIRE_OK(tutti_request_wait(&flights[2].request));
    waiter.join();
    for (const Flight& flight : flights) flight.Check();
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Requests : public testing::TestWithParam<std::tuple<const char*, int, const char*>> {};

TEST_P(Requests, AllFinishWithTheRightResult) {
  const auto [program, num_ranks, progress_thread] = GetParam();
  Job job(program, num_ranks, {.environment = {{"TUTTI_PROGRESS_THREAD", progress_thread}}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, Requests,
                         testing::Combine(testing::Values("WaitInReverse", "PollAndWaitAny", "WaitOnAnotherThread",
                                                          "TwoCommunicatorsInterleaved",
                                                          "TwoCommunicatorsFromTwoThreads", "TwoJobsInOneProcess"),
                                          testing::ValuesIn(RankCounts({2, 4, 8})), testing::Values("0", "1")),
                         [](const auto& test) {
                           return TestName(std::get<0>(test.param), std::get<1>(test.param), std::get<2>(test.param));
                         });

TEST(RequestsOverWindows, ShortOnesOvertakeALongOne) {
  for (const int num_ranks : RankCounts({2, 4})) {
    Job job("ShortOnesDuringALongOne", num_ranks, {.environment = {{"TUTTI_TRANSPORT", "shm"}}});
    EXPECT_TRUE(job.AllSucceed()) << num_ranks << " ranks";
  }
}

// With a progress thread, an operation ends while the application computes and never calls tutti.
RANK_PROGRAM(ComputeWhileItRuns) {
  const tutti_comm_t comm = Join();
  Synchronise(comm);
  Flight flight;
  flight.data = {TUTTI_FLOAT32, TUTTI_SUM, context.size, 1};
  flight.count = 100000;
  flight.Start(comm, context.rank);
  SleepMs(context.rank == 0 ? 1500 : 100);
  const int64_t before_ns = MonotonicNs();
  REQUIRE_OK(tutti_request_wait(&flight.request));
  Say("waited_ns", MonotonicNs() - before_ns);
  flight.Check();
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(ProgressThread, DrivesWhileTheApplicationComputes) {
  Job job("ComputeWhileItRuns", 4, {.environment = {{"TUTTI_PROGRESS_THREAD", "1"}}});
  ASSERT_TRUE(job.AllSucceed());
  // Rank 0 stays away for 1.5 s; the others do not wait for its application, only for its progress thread.
  for (int rank = 0; rank < 4; ++rank) EXPECT_LT(job.SaidNumber(rank, "waited_ns"), 1'000'000'000) << "rank " << rank;
}

}  // namespace
}  // namespace tutti::multi_process
