// SPDX-License-Identifier: Apache-2.0
// What a message costs once everything is warm: no allocation, and few system calls.
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "allocation_count.h"
#include "tcp_test_util.h"

namespace tutti::tcp {
namespace {

class TcpSteadyState : public ::testing::Test {
 protected:
  TcpSteadyState() {
    mesh_.ConnectAll();
    mesh_.Warm();
  }

  // Polls until so many sends and receives have completed at the rank. Allocates nothing itself.
  bool Wait(size_t rank, int sends, int recvs) {
    for (int tries = 0; tries < 1000000 && (sends > 0 || recvs > 0); ++tries) {
      Poll(rank, &sends, &recvs);
      int ignored_sends = 0;
      int ignored_recvs = 0;
      if (sends > 0 || recvs > 0) {
        Poll(1 - rank, &ignored_sends, &ignored_recvs);
        done_sends_[1 - rank] -= ignored_sends;
        done_recvs_[1 - rank] -= ignored_recvs;
      }
    }
    return sends <= 0 && recvs <= 0;
  }

  void Poll(size_t rank, int* sends, int* recvs) {
    *sends -= std::exchange(done_sends_[rank], 0);
    *recvs -= std::exchange(done_recvs_[rank], 0);
    const size_t n = mesh_[rank].transport->Poll(absl::MakeSpan(out_));
    for (size_t i = 0; i < n; ++i) {
      const Completion& done = out_[i];
      *sends -= done.kind == CompletionKind::kSendDone;
      *recvs -= done.kind == CompletionKind::kRecvDone ||
                (done.kind == CompletionKind::kRecvView && done.view_offset + done.bytes == done.context);
    }
  }

  void PingPong(uint64_t bytes, int rounds, bool by_view, bool send_first) {
    for (int round = 0; round < rounds; ++round) {
      const MessageId id{1, 0, ++sequence_};
      for (size_t rank = 0; rank < 2; ++rank) {
        const auto peer = static_cast<int32_t>(1 - rank);
        if (send_first) mesh_[rank].Send(peer, id, data_.data(), bytes);
        if (send_first) Drive();
        mesh_[1 - rank].Recv(static_cast<int32_t>(rank), id, by_view ? nullptr : data_in_.data(), bytes, 7, bytes);
        if (!send_first) mesh_[rank].Send(peer, id, data_.data(), bytes);
        ASSERT_TRUE(Wait(rank, 1, 0));
        ASSERT_TRUE(Wait(1 - rank, 0, 1));
      }
    }
  }

  void Drive() {
    for (size_t rank = 0; rank < 2; ++rank) {
      int sends = 0;
      int recvs = 0;
      Poll(rank, &sends, &recvs);
      done_sends_[rank] -= sends;
      done_recvs_[rank] -= recvs;
    }
  }

  uint64_t SystemCalls() {
    return mesh_[0].transport->counters().system_calls + mesh_[1].transport->counters().system_calls;
  }

  Mesh mesh_{2};
  std::array<Completion, 64> out_;
  int done_sends_[2] = {};
  int done_recvs_[2] = {};
  uint64_t sequence_ = 0;
  std::vector<uint8_t> data_ = std::vector<uint8_t>(4 << 20, 1);
  std::vector<uint8_t> data_in_ = std::vector<uint8_t>(4 << 20, 1);
};

TEST_F(TcpSteadyState, RepeatedMessagesAllocateNothing) {
  for (const uint64_t bytes : {0, 8, 5000, 16384, 100000, 4 << 20}) {
    for (const bool by_view : {false, true}) {
      for (const bool send_first : {false, true}) {
        PingPong(bytes, 4, by_view, send_first);
        const uint64_t before = AllocationsSoFar();
        PingPong(bytes, 20, by_view, send_first);
        EXPECT_EQ(AllocationsSoFar(), before)
            << bytes << " bytes, by view " << by_view << ", send first " << send_first;
      }
    }
  }
}

TEST(AllocationCount, CountsEachAllocation) {
  const uint64_t before = AllocationsSoFar();
  // Not a new-expression: a compiler may leave those out.
  ::operator delete(::operator new(100));
  EXPECT_EQ(AllocationsSoFar(), before + 1);
}

TEST_F(TcpSteadyState, ASmallMessageCostsOneWriteAndOneRead) {
  constexpr int kRounds = 2000;
  PingPong(8, 10, false, false);
  const uint64_t before = SystemCalls();
  PingPong(8, kRounds, false, false);
  const double calls = static_cast<double>(SystemCalls() - before) / (2 * kRounds);
  RecordProperty("system_calls_per_message", std::to_string(calls));
  EXPECT_GE(calls, 2.0);
  EXPECT_LE(calls, 2.1);  // now and then a look at epoll
}

TEST_F(TcpSteadyState, ABatchOfSmallMessagesSharesItsCalls) {
  constexpr uint32_t kBatch = 60;
  uint64_t before = 0;
  for (int round = 0; round < 120; ++round) {
    if (round == 20) before = SystemCalls();
    ++sequence_;
    for (uint32_t i = 0; i < kBatch; ++i) {
      mesh_[1].Recv(0, {1, i, sequence_}, data_in_.data() + i * 64, 64);
      mesh_[0].Send(1, {1, i, sequence_}, data_.data() + i * 64, 64);
    }
    ASSERT_TRUE(Wait(0, kBatch, 0));
    ASSERT_TRUE(Wait(1, 0, kBatch));
  }
  const double calls = static_cast<double>(SystemCalls() - before) / (100 * kBatch);
  RecordProperty("system_calls_per_message", std::to_string(calls));
  EXPECT_LE(calls, 0.06);
}

}  // namespace
}  // namespace tutti::tcp
