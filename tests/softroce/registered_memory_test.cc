// SPDX-License-Identifier: Apache-2.0
// Large messages between registered buffers: the transport counts every byte that it copies, and copies none.
#include <poll.h>

#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/clock.h"
#include "lib/transport/memory_registry.h"
#include "transports/tcp/tcp_transport.h"
#include "transports/verbs/verbs_transport.h"

namespace tutti::verbs {
namespace {

constexpr uint64_t kBytes = 3 << 20;

// Two ranks of this process, connected.
class RegisteredMemoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int32_t rank = 0; rank < 2; ++rank) {
      tcp::TcpOptions control;
      control.rank = rank;
      control.size = 2;
      control.bind_address = "127.0.0.1";
      control.secret = "the secret of a test";
      auto connections = tcp::TcpTransport::Create(control);
      ASSERT_TRUE(connections.ok()) << connections.status();
      VerbsOptions options;
      options.rank = rank;
      options.size = 2;
      options.port.ack_timeout = 18;
      auto endpoint = VerbsTransport::Create(options, *std::move(connections));
      ASSERT_TRUE(endpoint.ok()) << endpoint.status();
      endpoints_.push_back(*std::move(endpoint));
      ASSERT_NE(endpoints_.back()->memory(), nullptr);
    }
    ASSERT_TRUE(endpoints_[0]->Connect(1, endpoints_[1]->Address()).ok());
    ASSERT_TRUE(endpoints_[1]->Connect(0, endpoints_[0]->Address()).ok());
  }

  // Rank 0 sends, rank 1 receives; returns when both are done.
  void Exchange(uint64_t id, const std::vector<uint8_t>& from, std::vector<uint8_t>* into) {
    SendRequest send;
    send.peer = 1;
    send.id.sequence = id;
    send.data = from.data();
    send.bytes = from.size();
    RecvRequest receive;
    receive.peer = 0;
    receive.id.sequence = id;
    receive.data = into->data();
    receive.bytes = into->size();
    endpoints_[1]->PostRecvs({&receive, 1});
    endpoints_[0]->PostSends({&send, 1});
    int left = 2;
    for (const int64_t deadline_ns = MonotonicClock().NowNs() + 30 * kNsPerSecond; left > 0;) {
      ASSERT_LT(MonotonicClock().NowNs(), deadline_ns);
      for (auto& endpoint : endpoints_) {
        Completion completions[8];
        const size_t count = endpoint->Poll(absl::MakeSpan(completions));
        for (size_t i = 0; i < count; ++i) {
          ASSERT_THAT(completions[i].kind, ::testing::AnyOf(CompletionKind::kSendDone, CompletionKind::kRecvDone));
          --left;
        }
      }
      pollfd waits[] = {{endpoints_[0]->wait_fd(), POLLIN, 0}, {endpoints_[1]->wait_fd(), POLLIN, 0}};
      if (left > 0 && endpoints_[0]->PrepareToSleep() && endpoints_[1]->PrepareToSleep()) ::poll(waits, 2, 20);
    }
    ASSERT_EQ(*into, from);
  }

  std::vector<std::unique_ptr<VerbsTransport>> endpoints_;
};

TEST_F(RegisteredMemoryTest, NoByteOfALargeMessageIsCopiedAtEitherEnd) {
  std::vector<uint8_t> from(kBytes), into(kBytes);
  const auto source = endpoints_[0]->memory()->Register({from.data(), kBytes});
  const auto destination = endpoints_[1]->memory()->Register({into.data(), kBytes});
  ASSERT_TRUE(source.ok() && destination.ok());
  for (uint64_t id = 0; id < 3; ++id) {
    for (size_t i = 0; i < kBytes; ++i) from[i] = static_cast<uint8_t>(i + i / 255 + id);
    ASSERT_NO_FATAL_FAILURE(Exchange(id, from, &into));
  }
  endpoints_[0]->memory()->Deregister(*source);
  endpoints_[1]->memory()->Deregister(*destination);
  ASSERT_NO_FATAL_FAILURE(Exchange(9, from, &into));
  EXPECT_EQ(endpoints_[0]->counters().payload_bytes_copied, 0u);
  EXPECT_EQ(endpoints_[1]->counters().payload_bytes_copied, 0u);
  EXPECT_EQ(endpoints_[0]->counters().payload_bytes_sent, 4 * kBytes);
  EXPECT_EQ(endpoints_[1]->counters().payload_bytes_received, 4 * kBytes);
}

// So that the test above could fail. The first message may come before the receiver's end of the connection is ready for it:
// then it is kept for a while, which is one copy more.
TEST_F(RegisteredMemoryTest, TheCountersSeeTheCopiesOfSmallMessages) {
  std::vector<uint8_t> from(5000, 1), into(5000);
  ASSERT_NO_FATAL_FAILURE(Exchange(0, from, &into));
  const uint64_t sent = endpoints_[0]->counters().payload_bytes_copied;
  const uint64_t received = endpoints_[1]->counters().payload_bytes_copied;
  EXPECT_EQ(sent, 5000u);
  ASSERT_NO_FATAL_FAILURE(Exchange(1, from, &into));
  EXPECT_EQ(endpoints_[0]->counters().payload_bytes_copied, sent + 5000u);
  EXPECT_EQ(endpoints_[1]->counters().payload_bytes_copied, received + 5000u);
}

// Soft-RoCE has no such thing; what devices do that have it was not tried.
TEST_F(RegisteredMemoryTest, ADeviceThatCannotUseADmabufIsNamed) {
  std::vector<uint8_t> memory(4096);
  const Dmabuf dmabuf{/*fd=*/0, /*offset=*/0};
  MemoryRange range;
  range.data = memory.data();
  range.bytes = memory.size();
  range.dmabuf = &dmabuf;
  const auto refused = endpoints_[0]->memory()->Register(range);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnimplemented) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("rxe0:1 cannot use memory of a dma-buf"));
}

TEST_F(RegisteredMemoryTest, MemoryThatIsNotThereIsRefusedWithTheDevicesName) {
  const auto refused = endpoints_[0]->memory()->Register({reinterpret_cast<void*>(4096), 4096});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), ::testing::HasSubstr("cannot be registered with"));
}

}  // namespace
}  // namespace tutti::verbs
