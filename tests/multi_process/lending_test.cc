// SPDX-License-Identifier: Apache-2.0
// Collectives over shared memory whose inputs lie in memory of tutti_mem_alloc, where the other ranks read them in place:
// right results, although each rank overwrites its input the moment a call has returned.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"

namespace tutti::multi_process {
namespace {

constexpr size_t kWord = sizeof(int64_t);

// Memory that peers can read in place.
class Lendable {
 public:
  Lendable(tutti_comm_t comm, size_t count) {
    void* address = nullptr;
    REQUIRE_OK(tutti_mem_alloc(comm, count * kWord, &address, &mem_));
    data_ = static_cast<int64_t*>(address);
  }
  ~Lendable() { REQUIRE_OK(tutti_mem_free(mem_)); }
  Lendable(const Lendable&) = delete;
  Lendable& operator=(const Lendable&) = delete;
  int64_t* data() { return data_; }

 private:
  tutti_mem_t mem_ = nullptr;
  int64_t* data_ = nullptr;
};

// One call of each collective that has blocks or vectors of `count`, then rubbish in the input, then a look at the results.
class Calls {
 public:
  Calls(tutti_comm_t comm, const RankContext& context) : comm_(comm), rank_(context.rank), size_(context.size) {}

  void AllReduce(size_t count, int64_t* send, int64_t* recv, const char* algorithm = nullptr) {
    const Data data = NextData();
    FillContribution(data, rank_, 0, count, send);
    tutti_options_t options = TUTTI_OPTIONS_INIT;
    options.algorithm = algorithm;
    REQUIRE_OK(tutti_all_reduce(comm_, send, recv, count, TUTTI_INT64, TUTTI_SUM, &options, nullptr));
    if (send != recv) Spoil(send, count);
    Demand("all_reduce", count, CheckReduction(data, 0, count, recv));
  }

  void Broadcast(size_t count, int64_t* send, int64_t* recv, int root) {
    const Data data = NextData();
    FillContribution(data, rank_, 0, count, send);
    REQUIRE_OK(tutti_broadcast(comm_, send, recv, count, TUTTI_INT64, root, &shared_, nullptr));
    Spoil(send, count);
    Demand("broadcast", count, CheckContribution(data, root, 0, count, recv));
  }

  void Reduce(size_t count, int64_t* send, int64_t* recv, int root) {
    const Data data = NextData();
    FillContribution(data, rank_, 0, count, send);
    REQUIRE_OK(tutti_reduce(comm_, send, recv, count, TUTTI_INT64, TUTTI_SUM, root, &shared_, nullptr));
    Spoil(send, count);
    if (rank_ == root) Demand("reduce", count, CheckReduction(data, 0, count, recv));
  }

  void AllGather(size_t count, int64_t* send, int64_t* recv) {
    const Data data = NextData();
    FillContribution(data, rank_, 0, count, send);
    REQUIRE_OK(tutti_all_gather(comm_, send, recv, count, TUTTI_INT64, &shared_, nullptr));
    Spoil(send, count);
    for (int r = 0; r < size_; ++r) {
      Demand("all_gather", count, CheckContribution(data, r, 0, count, recv + static_cast<size_t>(r) * count));
    }
  }

  void ReduceScatter(size_t count, int64_t* send, int64_t* recv) {
    const Data data = NextData();
    const size_t whole = count * static_cast<size_t>(size_);
    FillContribution(data, rank_, 0, whole, send);
    REQUIRE_OK(tutti_reduce_scatter(comm_, send, recv, count, TUTTI_INT64, TUTTI_SUM, &shared_, nullptr));
    Spoil(send, whole);
    Demand("reduce_scatter", count, CheckReduction(data, static_cast<size_t>(rank_) * count, count, recv));
  }

  void AllToAll(size_t count, int64_t* send, int64_t* recv) {
    const Data data = NextData();
    const size_t whole = count * static_cast<size_t>(size_);
    FillContribution(data, rank_, 0, whole, send);
    REQUIRE_OK(tutti_all_to_all(comm_, send, recv, count, TUTTI_INT64, &shared_, nullptr));
    Spoil(send, whole);
    for (int r = 0; r < size_; ++r) {
      const size_t first = static_cast<size_t>(rank_) * count;
      Demand("all_to_all", count, CheckContribution(data, r, first, count, recv + static_cast<size_t>(r) * count));
    }
  }

 private:
  Data NextData() { return {TUTTI_INT64, TUTTI_SUM, size_, round_++}; }
  static void Spoil(int64_t* input, size_t count) { std::fill_n(input, count, int64_t{0x5a5a5a5a5a5a5a5a}); }
  static void Demand(const char* what, size_t count, const std::string& wrong) {
    Require(wrong.empty(), std::string(what) + " of " + std::to_string(count) + ": " + wrong);
  }

  const tutti_comm_t comm_;
  const int rank_, size_;
  uint64_t round_ = 0;
  tutti_options_t shared_ = [] {
    tutti_options_t options = TUTTI_OPTIONS_INIT;
    options.algorithm = "shared";
    return options;
  }();
};

constexpr size_t kMostWords = (size_t{1} << 20) / kWord + 3;

RANK_PROGRAM(LendBuffers) {
  const tutti_comm_t comm = Join();
  const auto size = static_cast<size_t>(context.size);
  Calls calls(comm, context);
  std::vector<int64_t> plain_send(kMostWords), plain_recv(kMostWords);
  {
    Lendable send(comm, kMostWords), recv(comm, kMostWords);
    // So that most of what follows is lent: the others have said by then that they can read it.
    for (int i = 0; i < 3; ++i) Synchronise(comm);
    SleepMs(5);
    const bool odd = context.rank % 2 == 1;
    for (const size_t bytes : {4 << 10, 16 << 10, 64 << 10, 1 << 20}) {
      for (const size_t count : {bytes / kWord - 1, bytes / kWord, bytes / kWord + 3}) {
        for (const char* algorithm : {"shared_one_shot", "shared_slices"}) {
          for (int i = 0; i < 3; ++i) calls.AllReduce(count, send.data(), recv.data(), algorithm);
          calls.AllReduce(count, send.data(), plain_recv.data(), algorithm);
          calls.AllReduce(count, odd ? send.data() : plain_send.data(), recv.data(), algorithm);
          calls.AllReduce(count, recv.data(), recv.data(), algorithm);  // in place
          calls.AllReduce(count, odd ? recv.data() : plain_recv.data(), odd ? recv.data() : plain_recv.data(),
                          algorithm);
        }
        const int root = static_cast<int>(count % size);
        calls.Broadcast(count, send.data(), recv.data(), root);
        calls.Reduce(count, send.data(), recv.data(), root);
        const size_t block = count / size;
        calls.AllGather(block, send.data(), recv.data());
        calls.ReduceScatter(block, send.data(), recv.data());
        calls.AllToAll(block, send.data(), recv.data());
      }
    }
    // Two halves of one buffer, next to each other.
    const size_t half = kMostWords / 2;
    for (int i = 0; i < 5; ++i) {
      calls.AllReduce(half, send.data(), send.data() + half);
      calls.AllReduce(half, send.data() + half, send.data());
    }
  }
  // Memory that is given back right after a call, and given out again, as likely as not at the same address.
  for (int i = 0; i < 10; ++i) {
    Lendable send(comm, 40'000);
    if (i % 2 == 1) {
      Synchronise(comm);
      SleepMs(5);
    }
    calls.AllReduce(40'000, send.data(), plain_recv.data());
    calls.AllReduce(40'000, send.data(), plain_recv.data());
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

// Two operations in flight that read the same input, and one behind them that is not to begin before they have ended.
RANK_PROGRAM(LendToRequests) {
  const tutti_comm_t comm = Join();
  constexpr size_t kCount = 100'003;
  Lendable send(comm, kCount);
  std::vector<int64_t> first(kCount), second(kCount), third(kCount);
  for (uint64_t round = 0; round < 20; ++round) {
    const Data data{TUTTI_INT64, TUTTI_SUM, context.size, round};
    FillContribution(data, context.rank, 0, kCount, send.data());
    std::vector<tutti_request_t> requests(3);
    const auto start = [&](int64_t* recv, tutti_request_t* request) {
      REQUIRE_OK(tutti_all_reduce(comm, send.data(), recv, kCount, TUTTI_INT64, TUTTI_SUM, nullptr, request));
    };
    start(first.data(), &requests[0]);
    start(second.data(), &requests[1]);
    start(third.data(), &requests[2]);
    for (tutti_request_t& request : requests) REQUIRE_OK(tutti_request_wait(&request));
    std::fill_n(send.data(), kCount, int64_t{-1});
    for (const auto& result : {first, second, third}) {
      const std::string wrong = CheckReduction(data, 0, kCount, result.data());
      Require(wrong.empty(), wrong);
    }
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Lending : public testing::TestWithParam<std::tuple<const char*, int, std::string>> {};

TEST_P(Lending, GivesTheSameResults) {
  const auto [program, num_ranks, progress_thread] = GetParam();
  Job job(program, num_ranks, {.environment = {{"TUTTI_PROGRESS_THREAD", progress_thread}}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, Lending,
                         testing::Combine(testing::Values("LendBuffers", "LendToRequests"),
                                          testing::ValuesIn(RankCounts({2, 3, 4})), testing::Values("0", "1")),
                         [](const auto& test) {
                           return TestName(std::get<0>(test.param), std::get<1>(test.param), std::get<2>(test.param));
                         });

// Argument: elements. Says @running once the loop is under way.
RANK_PROGRAM(LendUntilFailure) {
  const tutti_comm_t comm = Join();
  const size_t count = std::stoul(context.arguments[0]);
  auto send = std::make_unique<Lendable>(comm, count);
  std::vector<int64_t> sums(count);
  tutti_status_t status = TUTTI_OK;
  for (int i = 0; status == TUTTI_OK; ++i) {
    const Data data{TUTTI_INT64, TUTTI_SUM, context.size, static_cast<uint64_t>(i)};
    FillContribution(data, context.rank, 0, count, send->data());
    status = tutti_all_reduce(comm, send->data(), sums.data(), count, TUTTI_INT64, TUTTI_SUM, nullptr, nullptr);
    std::fill_n(send->data(), count, int64_t{-1});
    if (status == TUTTI_OK)
      Require(CheckReduction(data, 0, count, sums.data()).empty(), "a result that was said to be right");
    if (i == 5) Say("running", 1);
  }
  SayFailure(comm, status);
  send.reset();
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class KilledLender : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(KilledLender, IsNamedByEveryOtherRankWithinASecond) {
  const auto [num_ranks, victim] = GetParam();
  Job job("LendUntilFailure", num_ranks, {.arguments = {"200000"}});
  ASSERT_TRUE(job.WaitUntilAllSaid("running"));
  const int64_t killed_ns = job.Signal(victim, SIGKILL);
  ASSERT_TRUE(job.AllSucceed({victim}));
  ExpectAllReport(job, {victim}, "TUTTI_ERR_PEER_FAILED", killed_ns, 1000 * kMs, RankName(victim));
}

INSTANTIATE_TEST_SUITE_P(, KilledLender, testing::Values(std::pair(2, 1), std::pair(4, 0), std::pair(4, 2)),
                         [](const auto& test) {
                           return "Rank" + std::to_string(test.param.second) + "of" + std::to_string(test.param.first);
                         });

// A rank gives up in the middle: whatever it does to its memory then, nobody takes it for a result.
RANK_PROGRAM(LendAndAbort) {
  const tutti_comm_t comm = Join();
  constexpr size_t kCount = 200'000;
  Lendable send(comm, kCount);
  std::vector<int64_t> sums(kCount);
  Synchronise(comm);
  SleepMs(5);
  tutti_status_t status = TUTTI_OK;
  for (int i = 0; status == TUTTI_OK; ++i) {
    const Data data{TUTTI_INT64, TUTTI_SUM, context.size, static_cast<uint64_t>(i)};
    FillContribution(data, context.rank, 0, kCount, send.data());
    tutti_request_t request = nullptr;
    status = tutti_all_reduce(comm, send.data(), sums.data(), kCount, TUTTI_INT64, TUTTI_SUM, nullptr, &request);
    if (status != TUTTI_OK) break;
    if (i == 10 && context.rank == 0) {
      for (int look = 0; look < 3; ++look) (void)tutti_request_test(&request);
      REQUIRE_OK(tutti_comm_abort(comm, "the test says so"));
    }
    status = tutti_request_wait(&request);
    std::fill_n(send.data(), kCount, int64_t{-1});
    if (status == TUTTI_OK)
      Require(CheckReduction(data, 0, kCount, sums.data()).empty(), "a result that was said to be right");
  }
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(LendingTest, AnAbortSpoilsNoResult) {
  Job job("LendAndAbort", 3);
  ASSERT_TRUE(job.AllSucceed());
  for (int rank = 0; rank < 3; ++rank) EXPECT_EQ(job.Said(rank, "status"), "TUTTI_ERR_ABORTED") << "rank " << rank;
}

}  // namespace
}  // namespace tutti::multi_process
