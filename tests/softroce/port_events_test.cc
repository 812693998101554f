// SPDX-License-Identifier: Apache-2.0
// A port whose addresses change while a rank uses it. Changes rxe0 on rdma0 (10.77.0.1), so it runs in a guest only.
#include <poll.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/clock.h"
#include "transports/tcp/tcp_transport.h"
#include "transports/verbs/verbs_transport.h"

namespace tutti::verbs {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<VerbsTransport> MakeEndpoint(int32_t rank, const std::string& address) {
  tcp::TcpOptions control;
  control.rank = rank;
  control.size = 2;
  control.bind_address = "127.0.0.1";
  control.secret = "the secret of a test";
  auto connections = tcp::TcpTransport::Create(control);
  EXPECT_TRUE(connections.ok()) << connections.status();
  VerbsOptions options;
  options.rank = rank;
  options.size = 2;
  options.port.devices = "rxe0";
  options.port.address = address;
  options.port.ack_timeout = 18;
  auto endpoint = VerbsTransport::Create(options, *std::move(connections));
  EXPECT_TRUE(endpoint.ok()) << endpoint.status();
  return *std::move(endpoint);
}

void Shell(const std::string& command) { ASSERT_EQ(std::system(command.c_str()), 0) << command; }

class PortEvents : public ::testing::Test {
 protected:
  ~PortEvents() override { (void)!std::system("ip addr del 10.77.9.1/24 dev rdma0 2>/dev/null"); }

  // Polls both ends, asleep in between, until it holds; completions are handed to `take`.
  void RunUntil(const std::function<bool()>& holds, const std::function<void(const Completion&)>& take = {}) {
    for (const int64_t deadline_ns = MonotonicClock().NowNs() + 20 * kNsPerSecond; !holds();) {
      ASSERT_LT(MonotonicClock().NowNs(), deadline_ns) << one_->DescribeDevice();
      for (VerbsTransport* endpoint : {one_.get(), other_.get()}) {
        Completion completions[8];
        const size_t count = endpoint->Poll(absl::MakeSpan(completions));
        for (size_t i = 0; i < count && take; ++i) take(completions[i]);
      }
      pollfd waits[] = {{one_->wait_fd(), POLLIN, 0}, {other_->wait_fd(), POLLIN, 0}};
      if (one_->PrepareToSleep() && other_->PrepareToSleep()) ::poll(waits, 2, 20);
    }
  }

  std::unique_ptr<VerbsTransport> one_ = MakeEndpoint(0, "10.77.9.1");
  std::unique_ptr<VerbsTransport> other_ = MakeEndpoint(1, "");
};

// One test: two would change the same interface at the same time.
TEST_F(PortEvents, AnAddressIsUsedByNewConnectionsWhenItComesAndLeftWhenItGoes) {
  ASSERT_THAT(one_->DescribeDevice(), HasSubstr("10.77.0.1"));
  ASSERT_NO_FATAL_FAILURE(Shell("ip addr add 10.77.9.1/24 dev rdma0"));
  ASSERT_NO_FATAL_FAILURE(RunUntil([&] { return one_->DescribeDevice().find("10.77.9.1") != std::string::npos; }));
  ASSERT_TRUE(one_->Connect(1, other_->Address()).ok());
  ASSERT_TRUE(other_->Connect(0, one_->Address()).ok());
  uint32_t word = 4711;
  uint32_t received = 0;
  SendRequest send;
  send.peer = 1;
  send.data = &word;
  send.bytes = sizeof(word);
  RecvRequest receive;
  receive.peer = 0;
  receive.data = &received;
  receive.bytes = sizeof(received);
  one_->PostSends({&send, 1});
  other_->PostRecvs({&receive, 1});
  bool failed = false;
  bool done = false;
  ASSERT_NO_FATAL_FAILURE(RunUntil([&] { return done || failed; },
                                   [&](const Completion& completion) {
                                     failed |= completion.kind == CompletionKind::kPeerFailed;
                                     done |= completion.kind == CompletionKind::kRecvDone;
                                   }));
  EXPECT_FALSE(failed) << one_->PeerError(1) << other_->PeerError(0);
  EXPECT_EQ(received, 4711u);
  ASSERT_NO_FATAL_FAILURE(Shell("ip addr del 10.77.9.1/24 dev rdma0"));
  ASSERT_NO_FATAL_FAILURE(RunUntil([&] { return one_->DescribeDevice().find("10.77.0.1") != std::string::npos; }));
}

}  // namespace
}  // namespace tutti::verbs
