// SPDX-License-Identifier: Apache-2.0
// Which ports can reach each other, as far as their addresses tell.
#include "transports/verbs/network.h"

#include <arpa/inet.h>

#include <set>

#include <gtest/gtest.h>

#include "transports/verbs/locked_memory.h"

namespace tutti::verbs {
namespace {

ibv_gid Gid(const char* text) {
  ibv_gid gid = {};
  EXPECT_EQ(::inet_pton(AF_INET6, text, gid.raw), 1) << text;
  return gid;
}

TEST(Network, RoCEPortsWithAddressesOfOneKindShareOne) {
  EXPECT_EQ(NetworkOf(Gid("::ffff:10.0.0.1"), true), NetworkOf(Gid("::ffff:192.168.7.9"), true));
  EXPECT_EQ(NetworkOf(Gid("2001:db8::1"), true), NetworkOf(Gid("fd00::2"), true));
  EXPECT_EQ(NetworkOf(Gid("fe80::1"), true), NetworkOf(Gid("fe80::2"), true));
}

TEST(Network, InfiniBandPortsOfOneSubnetShareOne) {
  EXPECT_EQ(NetworkOf(Gid("fe80::1:2"), false), NetworkOf(Gid("fe80::3:4"), false));
  EXPECT_NE(NetworkOf(Gid("fe80::1:2"), false), NetworkOf(Gid("fe80:0:0:1::1:2"), false));
}

TEST(Network, WhatCannotReachEachOtherDiffers) {
  const std::set<std::string> networks = {NetworkOf(Gid("::ffff:10.0.0.1"), true), NetworkOf(Gid("2001:db8::1"), true),
                                          NetworkOf(Gid("fe80::1"), true), NetworkOf(Gid("fe80::1"), false),
                                          NetworkOf(Gid("::ffff:10.0.0.1"), false)};
  EXPECT_EQ(networks.size(), 5u);
  for (const std::string& network : networks) EXPECT_EQ(network.size(), kNetworkBytes);
}

TEST(LockedMemory, ALowLimitIsToldWithTheRemedyAndAnAmpleOneIsNot) {
  const std::string warning = LockedMemoryWarning(8 << 20);
  EXPECT_NE(warning.find("8192 KiB"), std::string::npos) << warning;
  EXPECT_NE(warning.find("ulimit -l"), std::string::npos) << warning;
  EXPECT_EQ(LockedMemoryWarning(kAmpleLockedBytes), "");
  EXPECT_EQ(LockedMemoryWarning(kUnlimited), "");
}

}  // namespace
}  // namespace tutti::verbs
