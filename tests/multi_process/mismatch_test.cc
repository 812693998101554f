// SPDX-License-Identifier: Apache-2.0
// Ranks that call different things: both calls are named on all ranks, within a second, and nobody hangs.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"

namespace tutti::multi_process {
namespace {

struct MismatchedCall {
  const char* name;
  tutti_status_t (*majority)(tutti_comm_t comm, double* send, double* recv);
  tutti_status_t (*odd_one)(tutti_comm_t comm, double* send, double* recv);
  const char* majority_text;  // regular expressions for what sentences say of each call
  const char* odd_text;
};

tutti_status_t AllReduce(tutti_comm_t comm, double* send, double* recv, size_t count, tutti_dtype_t dtype,
                         tutti_op_t op, const char* algorithm) {
  tutti_options_t options = TUTTI_OPTIONS_INIT;
  options.algorithm = algorithm;
  return tutti_all_reduce(comm, send, recv, count, dtype, op, &options, nullptr);
}

tutti_status_t Plain(tutti_comm_t comm, double* send, double* recv) {
  return AllReduce(comm, send, recv, 1000, TUTTI_FLOAT32, TUTTI_SUM, nullptr);
}

template <int kRoot>
tutti_status_t Broadcast(tutti_comm_t comm, double* send, double* recv) {
  return tutti_broadcast(comm, send, recv, 10, TUTTI_FLOAT32, kRoot, nullptr, nullptr);
}

template <int kRoot>
tutti_status_t Reduce(tutti_comm_t comm, double* send, double* recv) {
  return tutti_reduce(comm, send, recv, 10, TUTTI_FLOAT32, TUTTI_SUM, kRoot, nullptr, nullptr);
}

template <int kRoot>
tutti_status_t Gather(tutti_comm_t comm, double* send, double* recv) {
  return tutti_gather(comm, send, recv, 10, TUTTI_FLOAT32, kRoot, nullptr, nullptr);
}

template <int kRoot>
tutti_status_t Scatter(tutti_comm_t comm, double* send, double* recv) {
  return tutti_scatter(comm, send, recv, 10, TUTTI_FLOAT32, kRoot, nullptr, nullptr);
}

const MismatchedCall kCalls[] = {
    {"Operation", Plain, [](tutti_comm_t comm, double*, double*) { return tutti_barrier(comm, nullptr, nullptr); },
     "all_reduce\\(float32 x 1000, sum", "barrier\\("},
    {"Count", Plain,
     [](tutti_comm_t comm, double* send, double* recv) {
       return AllReduce(comm, send, recv, 999, TUTTI_FLOAT32, TUTTI_SUM, nullptr);
     },
     "all_reduce\\(float32 x 1000, sum", "all_reduce\\(float32 x 999, sum"},
    {"LargeCount",
     [](tutti_comm_t comm, double* send, double* recv) {
       return AllReduce(comm, send, recv, 400000, TUTTI_FLOAT32, TUTTI_SUM, nullptr);
     },
     [](tutti_comm_t comm, double* send, double* recv) {
       return AllReduce(comm, send, recv, 1, TUTTI_FLOAT32, TUTTI_SUM, nullptr);
     },
     "all_reduce\\(float32 x 400000, sum", "all_reduce\\(float32 x 1, sum"},
    {"Type", Plain,
     [](tutti_comm_t comm, double* send, double* recv) {
       return AllReduce(comm, send, recv, 1000, TUTTI_INT32, TUTTI_SUM, nullptr);
     },
     "all_reduce\\(float32 x 1000, sum", "all_reduce\\(int32 x 1000, sum"},
    {"ReductionOperation", Plain,
     [](tutti_comm_t comm, double* send, double* recv) {
       return AllReduce(comm, send, recv, 1000, TUTTI_FLOAT32, TUTTI_MAX, nullptr);
     },
     "all_reduce\\(float32 x 1000, sum", "all_reduce\\(float32 x 1000, max"},
    {"Root", Broadcast<0>, Broadcast<1>, "broadcast\\(float32 x 10, root 0", "broadcast\\(float32 x 10, root 1"},
    {"RootOfReduce", Reduce<0>, Reduce<1>, "reduce\\(float32 x 10, sum, root 0", "reduce\\(float32 x 10, sum, root 1"},
    {"RootOfGather", Gather<0>, Gather<1>, "gather\\(float32 x 10, root 0", "gather\\(float32 x 10, root 1"},
    {"RootOfScatter", Scatter<0>, Scatter<1>, "scatter\\(float32 x 10, root 0", "scatter\\(float32 x 10, root 1"},
    {"Algorithm",
     [](tutti_comm_t comm, double* send, double* recv) {
       return AllReduce(comm, send, recv, 1000, TUTTI_FLOAT32, TUTTI_SUM, "ring");
     },
     [](tutti_comm_t comm, double* send, double* recv) {
       return AllReduce(comm, send, recv, 1000, TUTTI_FLOAT32, TUTTI_SUM, "one_shot");
     },
     "all_reduce\\(float32 x 1000, sum, ring\\)", "all_reduce\\(float32 x 1000, sum, one_shot\\)"},
};

// Arguments: index of the call, the odd rank. A rank that happens to get its part done finds out with the next call.
RANK_PROGRAM(CallDifferently) {
  const tutti_comm_t comm = Join();
  const MismatchedCall& call = kCalls[std::stoul(context.arguments[0])];
  const int odd_rank = std::stoi(context.arguments[1]);
  std::vector<double> send(400000, 1), recv(400000);
  Synchronise(comm);  // so that the first operation's connecting is not timed
  MeetOutside(context, "before the call");
  Say("called_ns", MonotonicNs());
  tutti_status_t status = (context.rank == odd_rank ? call.odd_one : call.majority)(comm, send.data(), recv.data());
  const int64_t give_up_ns = MonotonicNs() + 5000 * kMs;
  while (status == TUTTI_OK && MonotonicNs() < give_up_ns) status = tutti_barrier(comm, nullptr, nullptr);
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

void ExpectBothAreNamed(const Job& job, const std::string& one, const std::string& other) {
  int64_t last_call_ns = 0;
  for (int rank = 0; rank < job.num_ranks(); ++rank) {
    last_call_ns = std::max(last_call_ns, job.SaidNumber(rank, "called_ns"));
  }
  ExpectAllReport(job, {}, "TUTTI_ERR_MISMATCH", last_call_ns, 1000 * kMs, one);
  ExpectAllReport(job, {}, "TUTTI_ERR_MISMATCH", last_call_ns, 1000 * kMs, other);
}

class Mismatch : public testing::TestWithParam<std::tuple<size_t, int, bool>> {};

TEST_P(Mismatch, IsToldToAllRanksWithBothCalls) {
  const auto [call, num_ranks, odd_is_root] = GetParam();
  const int odd_rank = odd_is_root ? 0 : num_ranks - 1;
  Job job("CallDifferently", num_ranks, {.arguments = {std::to_string(call), std::to_string(odd_rank)}});
  ASSERT_TRUE(job.AllSucceed());
  ExpectBothAreNamed(job, kCalls[call].majority_text, kCalls[call].odd_text);
  for (int rank = 0; rank < num_ranks; ++rank) {
    EXPECT_THAT(job.Said(rank, "sentence"), testing::ContainsRegex(RankName(odd_rank))) << "rank " << rank;
  }
}

INSTANTIATE_TEST_SUITE_P(, Mismatch,
                         testing::Combine(testing::Range<size_t>(0, std::size(kCalls)),
                                          testing::ValuesIn(RankCounts({2, 4, 8})), testing::Bool()),
                         [](const auto& test) {
                           return TestName(kCalls[std::get<0>(test.param)].name, std::get<1>(test.param)) +
                                  (std::get<2>(test.param) ? "_rank0_is_odd" : "");
                         });

// Arguments: whether broadcasts follow, else all_reduces do. Each of the two ranks takes itself for the root, and so
// waits for nobody.
RANK_PROGRAM(BroadcastFromBoth) {
  const tutti_comm_t comm = Join();
  const bool more_broadcasts = context.arguments[0] == "1";
  std::vector<float> send(16, 1), recv(16);
  Synchronise(comm);
  MeetOutside(context, "before the call");
  Say("called_ns", MonotonicNs());
  const auto broadcast = [&](int root) {
    return tutti_broadcast(comm, send.data(), recv.data(), 16, TUTTI_FLOAT32, root, nullptr, nullptr);
  };
  REQUIRE_OK(broadcast(context.rank));
  // What follows would be right.
  tutti_status_t status = TUTTI_OK;
  const int64_t give_up_ns = MonotonicNs() + 5000 * kMs;
  while (status == TUTTI_OK && MonotonicNs() < give_up_ns) {
    status = more_broadcasts
                 ? broadcast(0)
                 : tutti_all_reduce(comm, send.data(), recv.data(), 16, TUTTI_FLOAT32, TUTTI_SUM, nullptr, nullptr);
  }
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class TwoRoots : public testing::TestWithParam<bool> {};

TEST_P(TwoRoots, AreToldWithBothBroadcasts) {
  Job job("BroadcastFromBoth", 2, {.arguments = {std::string(GetParam() ? "1" : "0")}});
  ASSERT_TRUE(job.AllSucceed());
  ExpectBothAreNamed(job, "broadcast\\(float32 x 16, root 0", "broadcast\\(float32 x 16, root 1");
}

INSTANTIATE_TEST_SUITE_P(, TwoRoots, testing::Bool(),
                         [](const auto& test) { return test.param ? "BroadcastsFollow" : "AllReducesFollow"; });

// Arguments: elements that rank 0 sends, elements and type that rank 1 expects.
RANK_PROGRAM(SendAndReceiveDifferently) {
  const tutti_comm_t comm = Join();
  std::vector<double> buffer(300000, 1);
  const tutti_dtype_t recv_type = context.arguments[2] == "float32" ? TUTTI_FLOAT32 : TUTTI_INT32;
  Synchronise(comm);  // so that the first operation's connecting is not timed
  MeetOutside(context, "before the call");
  Say("called_ns", MonotonicNs());
  tutti_status_t status = TUTTI_OK;
  if (context.rank == 0) {
    status = tutti_send(comm, buffer.data(), std::stoul(context.arguments[0]), TUTTI_FLOAT32, 1, nullptr, nullptr);
  } else if (context.rank == 1) {
    status = tutti_recv(comm, buffer.data(), std::stoul(context.arguments[1]), recv_type, 0, nullptr, nullptr);
  }
  const int64_t give_up_ns = MonotonicNs() + 5000 * kMs;
  while (status == TUTTI_OK && MonotonicNs() < give_up_ns) status = tutti_barrier(comm, nullptr, nullptr);
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class MessageMismatch : public testing::TestWithParam<std::vector<std::string>> {};

TEST_P(MessageMismatch, IsToldToBothEnds) {
  const std::vector<std::string>& arguments = GetParam();
  Job job("SendAndReceiveDifferently", 2, {.arguments = arguments});
  ASSERT_TRUE(job.AllSucceed());
  ExpectBothAreNamed(job, "float32 x " + arguments[0], arguments[2] + " x " + arguments[1]);
}

INSTANTIATE_TEST_SUITE_P(, MessageMismatch,
                         testing::Values(std::vector<std::string>{"4", "5", "float32"},
                                         std::vector<std::string>{"5", "4", "float32"},
                                         std::vector<std::string>{"300000", "4", "float32"},
                                         std::vector<std::string>{"4", "300000", "float32"},
                                         std::vector<std::string>{"100", "100", "int32"}),
                         [](const auto& test) {
                           return "Send" + test.param[0] + "Expect" + test.param[1] + test.param[2];
                         });

}  // namespace
}  // namespace tutti::multi_process
