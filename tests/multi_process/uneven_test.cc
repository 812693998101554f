// SPDX-License-Identifier: Apache-2.0
// Collectives whose blocks differ in length, against a reference computed element by element; what lies between blocks must
// stay untouched.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "tests/multi_process/expectations.h"
#include "tests/multi_process/harness.h"
#include "tests/multi_process/rank.h"
#include "tests/multi_process/reference.h"

namespace tutti::multi_process {
namespace {

constexpr unsigned char kUntouched = 0xa5;

// Blocks in falling order of ranks, with gaps; or, packed, in order and without.
struct Blocks {
  std::vector<size_t> counts, offsets;
  size_t extent = 0;
  bool packed = false;

  Blocks(std::vector<size_t> of, bool packed_ones)
      : counts(std::move(of)), offsets(counts.size()), packed(packed_ones) {
    for (size_t i = 0; i < counts.size(); ++i) {
      const size_t r = packed ? i : counts.size() - 1 - i;
      if (!packed) extent += r % 3;
      offsets[r] = extent;
      extent += counts[r];
    }
  }
  const size_t* Offsets() const { return packed ? nullptr : offsets.data(); }
};

class UnevenCall {
 public:
  UnevenCall(tutti_comm_t comm, const RankContext& context, const Data& data, size_t longest, bool packed,
             bool in_place)
      : comm_(comm),
        rank_(static_cast<size_t>(context.rank)),
        ranks_(static_cast<size_t>(context.size)),
        data_(data),
        longest_(longest),
        packed_(packed),
        in_place_(in_place),
        element_bytes_(tutti_dtype_size(data.dtype)),
        root_(data.round % ranks_) {}

  void Run(const std::string& collective) {
    const Blocks same(Row(0), packed_);  // in collectives where a block's length depends on one rank only
    const size_t own = same.counts[rank_];
    const bool is_root = rank_ == root_;
    const int root = static_cast<int>(root_);
    if (collective == "all_gather_v") {
      Prepare(own, same.extent, same.offsets[rank_]);
      Finish(
          tutti_all_gather_v(comm_, send_, recv_, same.counts.data(), same.Offsets(), data_.dtype, nullptr, nullptr));
      CheckBlocks(same, [](size_t) { return size_t{0}; });
    } else if (collective == "reduce_scatter_v") {
      Prepare(same.extent, own, same.offsets[rank_], true);
      Finish(tutti_reduce_scatter_v(comm_, send_, same.counts.data(), same.Offsets(), recv_, data_.dtype, data_.op,
                                    nullptr, nullptr));
      Demand(CheckReduction(data_, same.offsets[rank_], own, recv_));
    } else if (collective == "gather_v") {
      Prepare(own, is_root ? same.extent : 0, same.offsets[rank_]);
      Finish(tutti_gather_v(comm_, send_, own, is_root ? recv_ : nullptr, is_root ? same.counts.data() : nullptr,
                            is_root ? same.Offsets() : nullptr, data_.dtype, root, nullptr, nullptr));
      if (is_root) CheckBlocks(same, [](size_t) { return size_t{0}; });
    } else if (collective == "scatter_v") {
      Prepare(is_root ? same.extent : 0, own, same.offsets[rank_], true);
      Finish(tutti_scatter_v(comm_, is_root ? send_ : nullptr, is_root ? same.counts.data() : nullptr,
                             is_root ? same.Offsets() : nullptr, recv_, own, data_.dtype, root, nullptr, nullptr));
      Demand(CheckContribution(data_, root, same.offsets[rank_], own, recv_));
    } else if (collective == "all_to_all_v") {
      const Blocks sent(Row(rank_), packed_), received(Column(rank_), packed_);
      Prepare(sent.extent, received.extent, 0);
      Finish(tutti_all_to_all_v(comm_, send_, sent.counts.data(), sent.Offsets(), recv_, received.counts.data(),
                                received.Offsets(), data_.dtype, nullptr, nullptr));
      CheckBlocks(received, [&](size_t source) { return Blocks(Row(source), packed_).offsets[rank_]; });
    }
  }

 private:
  size_t Length(size_t from, size_t to) const {
    const uint64_t mixed = Mix(data_.round, from, to);
    return mixed % 4 == 0 ? 0 : (mixed >> 8) % (longest_ + 1);
  }
  std::vector<size_t> Row(size_t from) const {
    std::vector<size_t> counts(ranks_);
    for (size_t to = 0; to < ranks_; ++to) counts[to] = Length(from, to);
    return counts;
  }
  std::vector<size_t> Column(size_t to) const {
    std::vector<size_t> counts(ranks_);
    for (size_t from = 0; from < ranks_; ++from) counts[from] = Length(from, to);
    return counts;
  }

  // In place, the other buffer lies at element `offset` of the one with blocks.
  void Prepare(size_t send_count, size_t recv_count, size_t offset, bool send_has_blocks = false) {
    const bool shared = in_place_ && send_count > 0 && recv_count > 0;
    const size_t shift = offset * element_bytes_;
    input_.assign(send_count * element_bytes_ + 1, kUntouched);
    FillContribution(data_, static_cast<int>(rank_), 0, send_count, input_.data());
    output_.assign((shared ? std::max(send_count, recv_count) : recv_count) * element_bytes_ + 64, kUntouched);
    send_ = input_.data();
    recv_ = output_.data();
    if (!shared) return;
    send_ = output_.data() + (send_has_blocks ? 0 : shift);
    recv_ = output_.data() + (send_has_blocks ? shift : 0);
    std::memcpy(send_, input_.data(), send_count * element_bytes_);
  }

  void Finish(tutti_status_t status) { RequireOk(status, Name().c_str()); }

  // Block r holds what rank r contributes from element first(r) on, and nothing else was written.
  template <typename First>
  void CheckBlocks(const Blocks& blocks, First first) {
    std::vector<unsigned char> between(output_.size(), kUntouched);
    for (size_t r = 0; r < ranks_; ++r) {
      const size_t at = blocks.offsets[r] * element_bytes_;
      Demand(CheckContribution(data_, static_cast<int>(r), first(r), blocks.counts[r], recv_ + at));
      std::copy_n(recv_ + at, blocks.counts[r] * element_bytes_, between.data() + at);
    }
    Require(between == output_, Name() + " wrote between blocks");
  }

  void Demand(const std::string& error) { Require(error.empty(), Name() + ": " + error); }

  std::string Name() const {
    return "round " + std::to_string(data_.round) + " " + tutti_dtype_name(data_.dtype) + " " +
           tutti_op_name(data_.op) + (packed_ ? " packed" : "") + (in_place_ ? " in place" : "");
  }

  tutti_comm_t comm_;
  size_t rank_, ranks_;
  Data data_;
  size_t longest_;
  bool packed_, in_place_;
  size_t element_bytes_;
  size_t root_;
  std::vector<unsigned char> input_, output_;
  unsigned char* send_ = nullptr;
  unsigned char* recv_ = nullptr;
};

// Argument: the collective.
RANK_PROGRAM(RunUnevenCollective) {
  const tutti_comm_t comm = Join();
  const std::string& collective = context.arguments[0];
  uint64_t round = 0;
  for (const tutti_dtype_t dtype : {TUTTI_INT8, TUTTI_BFLOAT16, TUTTI_FLOAT32, TUTTI_INT64}) {
    std::vector<size_t> lengths = {0, 1, 7, 1000};
    if (dtype == TUTTI_FLOAT32) lengths.push_back(20021);
    for (const size_t longest : lengths) {
      for (const bool packed : {false, true}) {
        for (const bool in_place : {false, true}) {
          if (in_place && collective == "all_to_all_v") continue;
          const Data data{dtype, TUTTI_SUM, context.size, round++};
          UnevenCall(comm, context, data, longest, packed, in_place).Run(collective);
        }
      }
    }
  }
  REQUIRE_OK(tutti_comm_destroy(comm));
}

class UnevenCollectives : public testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(UnevenCollectives, GiveWhatAnElementWiseReferenceGives) {
  const auto [collective, num_ranks] = GetParam();
  Job job("RunUnevenCollective", num_ranks, {.arguments = {collective}});
  EXPECT_TRUE(job.AllSucceed());
}

INSTANTIATE_TEST_SUITE_P(, UnevenCollectives,
                         testing::Combine(testing::Values("all_gather_v", "reduce_scatter_v", "gather_v", "scatter_v",
                                                          "all_to_all_v"),
                                          testing::Values(2, 5)),
                         [](const auto& test) { return TestName(std::get<0>(test.param), std::get<1>(test.param)); });

// Every rank sends each other rank two elements, but the last one expects three of rank 0.
RANK_PROGRAM(ExpectMoreThanIsSent) {
  const tutti_comm_t comm = Join();
  const size_t n = static_cast<size_t>(context.size);
  std::vector<size_t> sent(n, 2), received(n, 2);
  if (context.rank == context.size - 1) received[0] = 3;
  std::vector<float> send(2 * n), recv(2 * n + 1);
  Synchronise(comm);  // so that the first operation's connecting is not timed
  MeetOutside(context, "before the call");
  Say("called_ns", MonotonicNs());
  tutti_status_t status = TUTTI_OK;
  const int64_t give_up_ns = MonotonicNs() + 5000 * kMs;
  while (status == TUTTI_OK && MonotonicNs() < give_up_ns) {
    status = tutti_all_to_all_v(comm, send.data(), sent.data(), nullptr, recv.data(), received.data(), nullptr,
                                TUTTI_FLOAT32, nullptr, nullptr);
  }
  SayFailure(comm, status);
  REQUIRE_OK(tutti_comm_destroy(comm));
}

TEST(UnevenMismatch, BothEndsOfABlockAreTold) {
  Job job("ExpectMoreThanIsSent", 3);
  ASSERT_TRUE(job.AllSucceed());
  int64_t called_ns = 0;
  for (int rank = 0; rank < 3; ++rank) called_ns = std::max(called_ns, job.SaidNumber(rank, "called_ns"));
  ExpectAllReport(job, {}, "TUTTI_ERR_MISMATCH", called_ns, 2000 * kMs,
                  "all_to_all_v\\(float32, spread\\).*a message of 8 bytes instead of 12");
}

}  // namespace
}  // namespace tutti::multi_process
