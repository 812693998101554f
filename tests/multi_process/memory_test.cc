// SPDX-License-Identifier: Apache-2.0
// Operations in memory that is registered or allocated by tutti: the same results, also when it comes and goes under them.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <string>
#include <vector>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"

namespace tutti::multi_process {
namespace {

constexpr size_t kRegionCount = 50'000;  // of int64: large for every transport
constexpr size_t kRegionBytes = kRegionCount * sizeof(int64_t);

class Pages {
 public:
  explicit Pages(size_t bytes) : bytes_(bytes) {
    memory_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    Require(memory_ != MAP_FAILED, "there is memory");
  }
  ~Pages() { munmap(memory_, bytes_); }
  int64_t* data() { return static_cast<int64_t*>(memory_); }

 private:
  size_t bytes_;
  void* memory_ = nullptr;
};

void ReduceAndGather(tutti_comm_t comm, const RankContext& context, uint64_t round, int64_t* send, int64_t* recv) {
  const Data data{TUTTI_INT64, TUTTI_SUM, context.size, round};
  FillContribution(data, context.rank, 0, kRegionCount, send);
  REQUIRE_OK(tutti_all_reduce(comm, send, recv, kRegionCount, TUTTI_INT64, TUTTI_SUM, nullptr, nullptr));
  std::string wrong = CheckReduction(data, 0, kRegionCount, recv);
  Require(wrong.empty(), "all_reduce: " + wrong);
  REQUIRE_OK(tutti_all_gather(comm, send, recv, kRegionCount, TUTTI_INT64, nullptr, nullptr));
  for (int rank = 0; rank < context.size; ++rank) {
    wrong = CheckContribution(data, rank, 0, kRegionCount, recv + static_cast<size_t>(rank) * kRegionCount);
    Require(wrong.empty(), "all_gather: " + wrong);
  }
}

RANK_PROGRAM(UseRegisteredMemory) {
  const tutti_comm_t comm = Join();
  const size_t recv_bytes = static_cast<size_t>(context.size) * kRegionBytes;
  Pages send(kRegionBytes), recv(recv_bytes);
  tutti_mem_t send_mem = nullptr, recv_mem = nullptr;
  REQUIRE_OK(tutti_mem_register(comm, send.data(), kRegionBytes, &send_mem));
  REQUIRE_OK(tutti_mem_register(comm, recv.data(), recv_bytes, &recv_mem));
  for (uint64_t round = 0; round < 3; ++round) ReduceAndGather(comm, context, round, send.data(), recv.data());
  // One buffer is registered, the other one not any more.
  REQUIRE_OK(tutti_mem_deregister(send_mem));
  ReduceAndGather(comm, context, 10, send.data(), recv.data());

  // While it is in use: the operation keeps what it needs.
  tutti_request_t request = nullptr;
  const Data data{TUTTI_INT64, TUTTI_SUM, context.size, 20};
  FillContribution(data, context.rank, 0, kRegionCount, send.data());
  REQUIRE_OK(tutti_all_reduce(comm, send.data(), recv.data(), kRegionCount, TUTTI_INT64, TUTTI_SUM, nullptr, &request));
  REQUIRE_OK(tutti_mem_deregister(recv_mem));
  REQUIRE_OK(tutti_request_wait(&request));
  Require(CheckReduction(data, 0, kRegionCount, recv.data()).empty(),
          "the result of an operation that was deregistered under");

  // Memory that is freed and given out again at the same address, as allocators do.
  for (uint64_t round = 30; round < 33; ++round) {
    Pages fresh(recv_bytes);
    tutti_mem_t mem = nullptr;
    REQUIRE_OK(tutti_mem_register(comm, fresh.data(), recv_bytes, &mem));
    ReduceAndGather(comm, context, round, send.data(), fresh.data());
    REQUIRE_OK(tutti_mem_deregister(mem));
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

struct Allocated {
  Allocated(tutti_comm_t comm, size_t bytes) {
    void* address = nullptr;
    REQUIRE_OK(tutti_mem_alloc(comm, bytes, &address, &mem));
    data = static_cast<int64_t*>(address);
  }
  int64_t* data = nullptr;
  tutti_mem_t mem = nullptr;
};

RANK_PROGRAM(UseAllocatedMemory) {
  const tutti_comm_t comm = Join();
  const size_t recv_bytes = static_cast<size_t>(context.size) * kRegionBytes;
  Pages plain_send(kRegionBytes), plain_recv(recv_bytes);
  Allocated send(comm, kRegionBytes), recv(comm, recv_bytes);
  for (uint64_t round = 0; round < 3; ++round) ReduceAndGather(comm, context, round, send.data, recv.data);
  // Ranks need not agree on where their buffers are from, and buffers may lie anywhere in the memory.
  const bool odd = context.rank % 2 == 1;
  ReduceAndGather(comm, context, 10, odd ? send.data : plain_send.data(), odd ? plain_recv.data() : recv.data);
  Allocated both(comm, kRegionBytes + recv_bytes);
  ReduceAndGather(comm, context, 11, both.data, both.data + kRegionCount);
  ReduceAndGather(comm, context, 12, both.data + recv_bytes / sizeof(int64_t), both.data);

  // Memory that comes and goes, as likely as not at the same address.
  for (uint64_t round = 20; round < 25; ++round) {
    Allocated fresh(comm, recv_bytes);
    ReduceAndGather(comm, context, round, send.data, fresh.data);
    REQUIRE_OK(tutti_mem_free(fresh.mem));
  }
  REQUIRE_OK(tutti_mem_free(send.mem));
  REQUIRE_OK(tutti_mem_free(recv.mem));
  REQUIRE_OK(tutti_comm_destroy(comm));
  REQUIRE_OK(tutti_mem_free(both.mem));
}

class AllocatedMemory : public testing::TestWithParam<std::tuple<int, std::string>> {};

TEST_P(AllocatedMemory, GivesTheSameResults) {
  const auto [num_ranks, progress_thread] = GetParam();
  Job job("UseAllocatedMemory", num_ranks, {.environment = {{"TUTTI_PROGRESS_THREAD", progress_thread}}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, AllocatedMemory,
                         testing::Combine(testing::ValuesIn(RankCounts({2, 3, 5})), testing::Values("0", "1")),
                         [](const auto& test) {
                           return TestName("In", std::get<0>(test.param), std::get<1>(test.param));
                         });

class RegisteredMemory : public testing::TestWithParam<std::tuple<int, std::string>> {};

TEST_P(RegisteredMemory, GivesTheSameResults) {
  const auto [num_ranks, progress_thread] = GetParam();
  Job job("UseRegisteredMemory", num_ranks, {.environment = {{"TUTTI_PROGRESS_THREAD", progress_thread}}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, RegisteredMemory, testing::Combine(testing::Values(2, 3), testing::Values("0", "1")),
                         [](const auto& test) {
                           return TestName("In", std::get<0>(test.param), std::get<1>(test.param));
                         });

}  // namespace
}  // namespace tutti::multi_process
