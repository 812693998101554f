// SPDX-License-Identifier: Apache-2.0
// Every collective, for all types and operations, in and out of place, against a reference computed element by element.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"

namespace tutti::multi_process {
namespace {

constexpr unsigned char kUntouched = 0xa5;

// One call: its data, its buffers with a margin that must stay untouched, and what must come out.
class Call {
 public:
  Call(tutti_comm_t comm, const RankContext& context, const Data& data, size_t count, bool in_place)
      : comm_(comm),
        rank_(context.rank),
        data_(data),
        count_(count),
        in_place_(in_place),
        element_bytes_(tutti_dtype_size(data.dtype)),
        root_(static_cast<int>(data.round % context.size)) {}

  void Run(const std::string& collective) {
    const size_t ranks = static_cast<size_t>(data_.num_ranks);
    const size_t mine = static_cast<size_t>(rank_) * count_;
    if (collective == "all_reduce") {
      Prepare(count_, count_, 0);
      Finish(tutti_all_reduce(comm_, send_, recv_, count_, data_.dtype, data_.op, nullptr, nullptr));
      Demand(CheckReduction(data_, 0, count_, recv_));
    } else if (collective == "broadcast") {
      Prepare(count_, count_, 0);
      if (!in_place_ && rank_ != root_) send_ = nullptr;  // not used off the root
      Finish(tutti_broadcast(comm_, send_, recv_, count_, data_.dtype, root_, nullptr, nullptr));
      Demand(CheckContribution(data_, root_, 0, count_, recv_));
    } else if (collective == "reduce") {
      Prepare(count_, count_, 0);
      if (rank_ != root_) recv_ = nullptr;  // not used off the root
      Finish(tutti_reduce(comm_, send_, recv_, count_, data_.dtype, data_.op, root_, nullptr, nullptr));
      if (rank_ == root_) Demand(CheckReduction(data_, 0, count_, recv_));
    } else if (collective == "all_gather") {
      Prepare(count_, ranks * count_, mine);
      Finish(tutti_all_gather(comm_, send_, recv_, count_, data_.dtype, nullptr, nullptr));
      for (int r = 0; r < data_.num_ranks; ++r) {
        Demand(CheckContribution(data_, r, 0, count_, recv_ + static_cast<size_t>(r) * count_ * element_bytes_));
      }
    } else if (collective == "reduce_scatter") {
      Prepare(ranks * count_, count_, mine);
      Finish(tutti_reduce_scatter(comm_, send_, recv_, count_, data_.dtype, data_.op, nullptr, nullptr));
      Demand(CheckReduction(data_, mine, count_, recv_));
    } else if (collective == "gather") {
      Prepare(count_, rank_ == root_ ? ranks * count_ : 0, mine);
      if (rank_ != root_) recv_ = nullptr;  // not used off the root
      Finish(tutti_gather(comm_, send_, recv_, count_, data_.dtype, root_, nullptr, nullptr));
      for (int r = 0; rank_ == root_ && r < data_.num_ranks; ++r) {
        Demand(CheckContribution(data_, r, 0, count_, recv_ + static_cast<size_t>(r) * count_ * element_bytes_));
      }
    } else if (collective == "scatter") {
      Prepare(rank_ == root_ ? ranks * count_ : 0, count_, mine);
      if (rank_ != root_) send_ = nullptr;  // not used off the root
      Finish(tutti_scatter(comm_, send_, recv_, count_, data_.dtype, root_, nullptr, nullptr));
      Demand(CheckContribution(data_, root_, mine, count_, recv_));
    } else if (collective == "all_to_all") {
      Prepare(ranks * count_, ranks * count_, 0);
      Finish(tutti_all_to_all(comm_, send_, recv_, count_, data_.dtype, nullptr, nullptr));
      for (int r = 0; r < data_.num_ranks; ++r) {
        Demand(CheckContribution(data_, r, mine, count_, recv_ + static_cast<size_t>(r) * count_ * element_bytes_));
      }
    }
  }

 private:
  // In place, the smaller buffer lies at element `offset` of the larger one.
  void Prepare(size_t send_count, size_t recv_count, size_t offset) {
    input_.assign(send_count * element_bytes_ + 1, kUntouched);
    FillContribution(data_, rank_, 0, send_count, input_.data());
    output_bytes_ = recv_count * element_bytes_;
    output_.assign(std::max(send_count, recv_count) * element_bytes_ + 64, kUntouched);
    send_ = input_.data();
    recv_ = output_.data();
    if (!in_place_) return;
    output_bytes_ = std::max(send_count, recv_count) * element_bytes_;
    const size_t shift = offset * element_bytes_;
    std::memcpy(output_.data() + (recv_count >= send_count ? shift : 0), input_.data(), send_count * element_bytes_);
    send_ = output_.data() + (recv_count > send_count ? shift : 0);
    recv_ = output_.data() + (recv_count < send_count ? shift : 0);
  }

  void Finish(tutti_status_t status) {
    RequireOk(status, Name().c_str());
    const bool untouched = std::all_of(output_.begin() + static_cast<ptrdiff_t>(output_bytes_), output_.end(),
                                       [](unsigned char byte) { return byte == kUntouched; });
    Require(untouched, Name() + " wrote behind its output");
    if (in_place_) return;
    std::vector<unsigned char> before(input_.size() - 1);
    FillContribution(data_, rank_, 0, before.size() / element_bytes_, before.data());
    Require(std::equal(before.begin(), before.end(), input_.begin()), Name() + " changed its input");
  }

  void Demand(const std::string& error) { Require(error.empty(), Name() + ": " + error); }

  std::string Name() const {
    return "count " + std::to_string(count_) + " " + tutti_dtype_name(data_.dtype) + " " + tutti_op_name(data_.op) +
           (in_place_ ? " in place" : "") + " root " + std::to_string(root_);
  }

  tutti_comm_t comm_;
  int rank_;
  Data data_;
  size_t count_;
  bool in_place_;
  size_t element_bytes_;
  int root_;
  std::vector<unsigned char> input_, output_;
  size_t output_bytes_ = 0;
  unsigned char* send_ = nullptr;
  unsigned char* recv_ = nullptr;
};

// Argument: the collective.
RANK_PROGRAM(RunCollective) {
  const tutti_comm_t comm = Join();
  const std::string& collective = context.arguments[0];
  const bool reduces = collective.find("reduce") != std::string::npos;
  uint64_t round = 0;
  for (int dtype = TUTTI_INT8; dtype <= TUTTI_FLOAT64; ++dtype) {
    const bool wide = dtype == TUTTI_BFLOAT16 || dtype == TUTTI_FLOAT32 || dtype == TUTTI_INT64;
    const int last_op = !reduces ? TUTTI_SUM : dtype < TUTTI_FLOAT16 ? TUTTI_XOR : TUTTI_AVG;
    for (int op = TUTTI_SUM; op <= last_op; ++op) {
      std::vector<size_t> counts = {0, 1, 5, 64, 1000};
      if (wide && op == TUTTI_SUM) counts.push_back(100003);
      for (const size_t count : counts) {
        for (const bool in_place : {false, true}) {
          Data data{static_cast<tutti_dtype_t>(dtype), static_cast<tutti_op_t>(op), context.size, round++};
          Call(comm, context, data, count, in_place).Run(collective);
        }
      }
    }
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Collectives : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(Collectives, GiveWhatAnElementWiseReferenceGives) {
  const auto [collective, num_ranks] = GetParam();
  Job job("RunCollective", num_ranks, {.arguments = {collective}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, Collectives,
                         testing::Combine(testing::Values("all_reduce", "broadcast", "reduce", "all_gather",
                                                          "reduce_scatter", "all_to_all", "gather", "scatter"),
                                          testing::ValuesIn(RankCounts({2, 3, 4, 8}))),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

// Whatever is chosen by itself: windows at every length, so that they are used over and over within one call.
class CollectivesOverWindows : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(CollectivesOverWindows, GiveWhatAnElementWiseReferenceGives) {
  const auto [collective, num_ranks] = GetParam();
  const std::string wish = std::string(collective) + ":shared";
  Job job("RunCollective", num_ranks, {.arguments = {collective}, .environment = {{"TUTTI_ALGORITHM", wish}}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, CollectivesOverWindows,
                         testing::Combine(testing::Values("broadcast", "reduce", "all_gather", "reduce_scatter",
                                                          "all_to_all", "gather", "scatter"),
                                          testing::Values(3)),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

RANK_PROGRAM(EnterBarrierLate) {
  const tutti_comm_t comm = Join();
  for (int last = 0; last < context.size; ++last) {
    Synchronise(comm);
    if (context.rank == last) SleepMs(60);
    const int64_t entered_ns = MonotonicNs();
    REQUIRE_OK(tutti_barrier(comm, nullptr, nullptr));
    Say("entered_ns." + std::to_string(last), entered_ns);
    Say("left_ns." + std::to_string(last), MonotonicNs());
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class Barrier : public testing::TestWithParam<int> {};

TEST_P(Barrier, NobodyLeavesBeforeEverybodyHasEntered) {
  Job job("EnterBarrierLate", GetParam());
  ASSERT_TRUE(job.AllSucceed());
  for (int last = 0; last < job.num_ranks(); ++last) {
    const int64_t entered_ns = job.SaidNumber(last, "entered_ns." + std::to_string(last));
    for (int rank = 0; rank < job.num_ranks(); ++rank) {
      EXPECT_GE(job.SaidNumber(rank, "left_ns." + std::to_string(last)), entered_ns) << "rank " << rank;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, Barrier, testing::Values(2, 4, 8), testing::PrintToStringParamName());

}  // namespace
}  // namespace tutti::multi_process
