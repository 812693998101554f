// SPDX-License-Identifier: Apache-2.0
// Every way in which a message can meet its receive: small, large and empty, either side first, into a buffer or by
// view, agreeing or not.
#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "tcp_test_util.h"

namespace tutti::tcp {
namespace {

enum class First { kSend, kRecv, kBoth };

class TcpMessages : public ::testing::TestWithParam<std::tuple<uint64_t, First, bool>> {};

TEST_P(TcpMessages, ArriveWholeAndOnce) {
  const uint64_t bytes = std::get<0>(GetParam());
  const First first = std::get<1>(GetParam());
  const bool by_view = std::get<2>(GetParam());
  Mesh mesh(2);
  mesh.ConnectAll();
  mesh.Warm();
  const std::vector<uint8_t> sent = Pattern(bytes, bytes);
  std::vector<uint8_t> received(bytes, 0xee);
  const MessageId id{3, 1, 9};
  uint64_t next_offset = 0;
  mesh[1].on_completion = [&](const Completion& part) {
    if (part.kind != CompletionKind::kRecvView) return;
    EXPECT_EQ(part.view_offset, next_offset);
    EXPECT_EQ(part.context, 22u);
    next_offset += part.bytes;
    ASSERT_LE(next_offset, bytes);
    if (next_offset < bytes) {
      EXPECT_EQ(part.bytes % kViewGranularity, 0u);
    }
    std::memcpy(&received[part.view_offset], part.view, part.bytes);
  };
  const auto send = [&] { mesh[0].Send(1, id, sent.data(), bytes, 7, 11); };
  const auto recv = [&] { mesh[1].Recv(0, id, by_view ? nullptr : received.data(), bytes, 7, 22); };
  if (first == First::kRecv) recv();
  if (first == First::kSend) send();
  if (first != First::kBoth) mesh.PollFor(5 * kNsPerMs);
  if (first != First::kRecv) recv();
  if (first != First::kSend) send();
  const bool views = by_view && bytes > 0;
  ASSERT_TRUE(mesh.Until([&] {
    return mesh[0].Count(CompletionKind::kSendDone) == 1 &&
           (views ? next_offset == bytes : mesh[1].Count(CompletionKind::kRecvDone) == 1);
  }));
  mesh.PollFor(2 * kNsPerMs);
  EXPECT_EQ(received, sent);
  EXPECT_EQ(mesh[0].completions.size(), 1u);
  EXPECT_EQ(mesh[0].completions[0].context, 11u);
  EXPECT_EQ(mesh[1].Count(CompletionKind::kRecvDone), views ? 0u : 1u);
  EXPECT_EQ(mesh[1].transport->counters().payload_bytes_received, bytes);
  EXPECT_EQ(mesh[0].transport->counters().payload_bytes_sent, bytes);
  EXPECT_EQ(mesh[1].transport->counters().messages_received, 2u);  // with the warm-up's
  const uint64_t copied = mesh[1].transport->counters().payload_bytes_copied;
  const uint64_t eager_bytes = mesh[1].transport->capabilities().eager_bytes;
  if (bytes > eager_bytes) {
    // Only what is read ahead of a placement, or does not fill a view part.
    EXPECT_LE(copied, views ? bytes / 100 : 4096 + 72);
  } else if (views && first == First::kRecv) {
    EXPECT_LT(copied, kViewGranularity);
  } else {
    EXPECT_LE(copied, 2 * bytes);
  }
}

std::string NameOfMessage(const ::testing::TestParamInfo<TcpMessages::ParamType>& test) {
  const char* first[] = {"SendFirst", "RecvFirst", "Both"};
  return std::to_string(std::get<0>(test.param)) + first[static_cast<int>(std::get<1>(test.param))] +
         (std::get<2>(test.param) ? "View" : "Buffer");
}

INSTANTIATE_TEST_SUITE_P(
    All, TcpMessages,
    ::testing::Combine(::testing::Values(0, 1, 63, 64, 65, 1000, 16383, 16384, 16385, 262144, 262145, 1000003, 8388608),
                       ::testing::Values(First::kSend, First::kRecv, First::kBoth), ::testing::Bool()),
    NameOfMessage);

// Sender's bytes, receiver's bytes, whether the signatures agree, whether the send comes first.
class TcpMismatch : public ::testing::TestWithParam<std::tuple<uint64_t, uint64_t, bool, bool>> {};

TEST_P(TcpMismatch, IsFoundAtTheReceiverAndMovesNoBytes) {
  const auto [send_bytes, recv_bytes, signatures_agree, send_first] = GetParam();
  // Where the lengths agree, the signatures do not.
  Mesh mesh(2);
  mesh.ConnectAll();
  mesh.Warm();
  const std::vector<uint8_t> sent = Pattern(send_bytes, 1);
  std::vector<uint8_t> received(recv_bytes, 0xee);
  const uint64_t remote_signature = signatures_agree && send_bytes != recv_bytes ? 7 : 8;
  if (send_first) {
    mesh[0].Send(1, {3, 1, 9}, sent.data(), send_bytes, remote_signature, 11);
    mesh.PollFor(3 * kNsPerMs);
  }
  mesh[1].Recv(0, {3, 1, 9}, received.data(), recv_bytes, 7, 22);
  if (!send_first) {
    mesh.PollFor(3 * kNsPerMs);
    mesh[0].Send(1, {3, 1, 9}, sent.data(), send_bytes, remote_signature, 11);
  }
  ASSERT_TRUE(mesh.Until([&] { return mesh[1].Count(CompletionKind::kMismatch) == 1; }));
  const Completion mismatch = *mesh[1].Find(CompletionKind::kMismatch);
  EXPECT_EQ(mismatch.context, 22u);
  EXPECT_EQ(mismatch.bytes, send_bytes);
  EXPECT_EQ(mismatch.remote_signature, remote_signature);
  EXPECT_TRUE(std::all_of(received.begin(), received.end(), [](uint8_t byte) { return byte == 0xee; }));
  // The sender gets its buffer back.
  ASSERT_TRUE(mesh.Until([&] { return mesh[0].Count(CompletionKind::kSendDone) == 1; }));
  EXPECT_EQ(mesh[0].completions.size(), 1u);
  EXPECT_EQ(mesh[1].completions.size(), 1u);
  // The connection is as good as before.
  mesh[0].completions.clear();
  mesh[1].completions.clear();
  mesh.Warm();
}

INSTANTIATE_TEST_SUITE_P(All, TcpMismatch,
                         ::testing::Combine(::testing::Values(0, 100, 16384, 16385, 600000),
                                            ::testing::Values(0, 100, 16384, 16385, 600000), ::testing::Bool(),
                                            ::testing::Bool()));

TEST(TcpMessages, PostedBeforeTheConnectionStandsAreHeld) {
  Mesh mesh(2);
  const std::vector<uint8_t> small = Pattern(100, 1);
  const std::vector<uint8_t> large = Pattern(100000, 2);
  std::vector<uint8_t> small_in(100);
  std::vector<uint8_t> large_in(100000);
  ASSERT_TRUE(mesh[0].transport->Connect(1, mesh[1].transport->Address()).ok());
  mesh[0].Send(1, {1, 0, 1}, small.data(), small.size());
  mesh[0].Send(1, {1, 1, 1}, large.data(), large.size());
  mesh.PollFor(20 * kNsPerMs);  // the acceptor admits rank 0, but nobody has asked for it yet
  EXPECT_TRUE(mesh[1].completions.empty());
  ASSERT_TRUE(mesh[1].transport->Connect(0, mesh[0].transport->Address()).ok());
  ASSERT_TRUE(mesh[1].transport->Connect(0, mesh[0].transport->Address()).ok());  // again: no effect
  mesh[1].Recv(0, {1, 0, 1}, small_in.data(), small_in.size());
  mesh[1].Recv(0, {1, 1, 1}, large_in.data(), large_in.size());
  ASSERT_TRUE(mesh.Until([&] { return mesh[1].Count(CompletionKind::kRecvDone) == 2; }));
  EXPECT_EQ(small_in, small);
  EXPECT_EQ(large_in, large);
}

TEST(TcpMessages, EndsWithDifferentEagerLimitsUseTheSmaller) {
  Mesh mesh(2, [](TcpOptions& options) { options.eager_bytes = options.rank == 0 ? 64 : 65536; });
  mesh.ConnectAll();
  mesh.Warm();
  const std::vector<uint8_t> out = Pattern(1000, 1);
  std::vector<uint8_t> in0(1000);
  std::vector<uint8_t> in1(1000);
  for (int rank = 0; rank < 2; ++rank) {
    mesh[static_cast<size_t>(rank)].Send(1 - rank, {1, 0, 1}, out.data(), out.size());
  }
  mesh.PollFor(3 * kNsPerMs);
  EXPECT_EQ(mesh[0].Count(CompletionKind::kSendDone), 0u);
  EXPECT_EQ(mesh[1].Count(CompletionKind::kSendDone), 0u);
  mesh[0].Recv(1, {1, 0, 1}, in0.data(), in0.size());
  mesh[1].Recv(0, {1, 0, 1}, in1.data(), in1.size());
  ASSERT_TRUE(mesh.Until(
      [&] { return mesh[0].Count(CompletionKind::kRecvDone) == 1 && mesh[1].Count(CompletionKind::kRecvDone) == 1; }));
  EXPECT_EQ(in0, out);
  EXPECT_EQ(in1, out);
}

TEST(TcpMessages, ArriveThroughACompletionArrayOfOne) {
  Mesh mesh(2);
  mesh.ConnectAll();
  mesh.Warm();
  constexpr uint32_t kCount = 50;
  const std::vector<uint8_t> out = Pattern(40000, 3);
  std::vector<uint8_t> in(40000);
  uint64_t viewed_bytes = 0;
  bool equal = true;
  mesh[1].on_completion = [&](const Completion& part) {
    if (part.kind != CompletionKind::kRecvView) return;
    viewed_bytes += part.bytes;
    const uint64_t length = part.context;
    equal = equal && part.view_offset + part.bytes <= length &&
            std::memcmp(part.view, &out[part.view_offset], part.bytes) == 0;
  };
  uint64_t all_bytes = 0;
  for (uint32_t i = 0; i < kCount; ++i) {
    const uint64_t bytes = i % 3 == 0 ? 40000 : 200 + i;
    all_bytes += bytes;
    mesh[0].Send(1, {1, i, 1}, out.data(), bytes);
    mesh[1].Recv(0, {1, i, 1}, nullptr, bytes, 7, bytes);
  }
  const int64_t deadline_ns = MonotonicClock().NowNs() + 20 * kNsPerSecond;
  while (viewed_bytes < all_bytes && MonotonicClock().NowNs() < deadline_ns) {
    mesh[0].PollOnce(1);
    mesh[1].PollOnce(1);
  }
  EXPECT_EQ(viewed_bytes, all_bytes);
  EXPECT_TRUE(equal);
}

}  // namespace
}  // namespace tutti::tcp
