// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/resolve_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/clock.h"

namespace tutti {
namespace {

using ::testing::HasSubstr;

int64_t InTenSeconds() { return DeadlineAfterNs(MonotonicClock().NowNs(), 10 * kNsPerSecond); }

TEST(ResolveHost, NumericAddressesStandForThemselves) {
  const auto addresses = ResolveHost("192.0.2.7", 4711, InTenSeconds());
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  ASSERT_EQ(addresses->size(), 1u);
  EXPECT_EQ((*addresses)[0].ToString(), "192.0.2.7:4711");
}

TEST(ResolveHost, KnowsThisHost) {
  const auto addresses = ResolveHost("localhost", 1, InTenSeconds());
  ASSERT_TRUE(addresses.ok()) << addresses.status();
  for (const SocketAddress& address : *addresses) EXPECT_TRUE(address.ip.IsLoopback());
}

TEST(ResolveHost, NoTimeIsLeftToAnybody) {
  const int64_t began_ns = MonotonicClock().NowNs();
  const auto addresses = ResolveHost("a-name-that-nobody-has.invalid", 1, began_ns);
  // A resolver that knows of itself that there is no such name may be as quick as that.
  ASSERT_FALSE(addresses.ok());
  EXPECT_LT(MonotonicClock().NowNs() - began_ns, 2 * kNsPerSecond);
  EXPECT_THAT(std::string(addresses.status().message()), HasSubstr("a-name-that-nobody-has.invalid"));
}

}  // namespace
}  // namespace tutti
