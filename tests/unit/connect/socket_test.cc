// SPDX-License-Identifier: Apache-2.0
#include "lib/connect/socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

namespace tutti::connect {
namespace {

int SendBytes(int fd) {
  int value = 0;
  socklen_t bytes = sizeof(value);
  EXPECT_EQ(::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &bytes), 0);
  return value;
}

struct Ends {
  UniqueFd dialed;
  UniqueFd accepted;
};

Ends Connect(const char* from, const char* to, const ConnectOptions& options) {
  auto source = SocketAddress::ParseNumeric(from);
  auto target = SocketAddress::ParseNumeric(to);
  EXPECT_TRUE(source.ok() && target.ok());
  auto listener = Listen(&*target, options);
  EXPECT_TRUE(listener.ok()) << listener.status();
  auto dialed = BeginConnect(*source, *target, options);
  EXPECT_TRUE(dialed.ok()) << dialed.status();
  pollfd wait = {listener->get(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 10'000), 1);
  UniqueFd accepted(::accept4(listener->get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  EXPECT_TRUE(accepted.valid());
  TuneAccepted(accepted.get(), options);
  return {*std::move(dialed), std::move(accepted)};
}

// The kernel says twice what was asked for.
TEST(Socket, BetweenRanksOfOneHostLittleIsOnItsWay) {
  const Ends ends = Connect("127.0.0.1", "127.0.0.1", {});
  EXPECT_EQ(SendBytes(ends.dialed.get()), 2 * (128 << 10));
  EXPECT_EQ(SendBytes(ends.accepted.get()), 2 * (128 << 10));
}

// Other addresses are taken for another host's, whose distance the kernel knows better.
TEST(Socket, BetweenHostsTheKernelChooses) {
  const Ends ends = Connect("127.0.0.1", "127.0.0.2", {});
  EXPECT_NE(SendBytes(ends.dialed.get()), 2 * (128 << 10));
  EXPECT_NE(SendBytes(ends.accepted.get()), 2 * (128 << 10));
}

TEST(Socket, AWishForBuffersIsFollowed) {
  ConnectOptions options;
  options.socket_send_bytes = 40'000;
  const Ends ends = Connect("127.0.0.1", "127.0.0.1", options);
  EXPECT_EQ(SendBytes(ends.dialed.get()), 80'000);
  EXPECT_EQ(SendBytes(ends.accepted.get()), 80'000);
}

}  // namespace
}  // namespace tutti::connect
