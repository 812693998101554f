// SPDX-License-Identifier: Apache-2.0
#include "lib/bootstrap/interfaces.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lib/bootstrap/ip_address.h"

namespace tutti {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

IpAddress Ip(absl::string_view text) { return IpAddress::Parse(text).value_or(IpAddress{}); }

const std::vector<NetworkInterface>& Host() {
  static const auto& interfaces = *new std::vector<NetworkInterface>{
      {"lo", Ip("127.0.0.1"), true},    {"lo", Ip("::1"), true},         {"docker0", Ip("172.17.0.1"), true},
      {"eth0", Ip("10.1.0.5"), true},   {"eth0", Ip("fd00::5"), true},   {"eth0", Ip("fe80::1"), true},
      {"ib0", Ip("192.168.7.5"), true}, {"eth1", Ip("10.2.0.5"), false},
  };
  return interfaces;
}

std::string Choose(absl::string_view pattern, std::optional<IpAddress> route, bool loopback_is_right = false,
                   std::optional<IpAddress> default_route = std::nullopt) {
  AddressQuestion question;
  question.interfaces = Host();
  question.pattern = pattern;
  question.route_to_rank_0 = route;
  question.loopback_is_right = loopback_is_right;
  question.default_route = default_route;
  const auto address = ChooseAddress(question);
  return address.ok() ? address->ToString() : address.status().ToString();
}

std::vector<std::string> Admit(absl::string_view pattern, bool with_loopback = false) {
  std::vector<std::string> out;
  const auto admitted = AdmitInterfaces(Host(), pattern, with_loopback);
  if (!admitted.ok()) return {admitted.status().ToString()};
  for (const NetworkInterface& interface : *admitted) out.push_back(interface.address.ToString());
  return out;
}

TEST(InterfacePattern, NamesAndBlocksAreTakenInTheirOrder) {
  EXPECT_THAT(Admit("eth0"), ElementsAre("10.1.0.5", "fd00::5"));
  EXPECT_THAT(Admit("ib0,eth0"), ElementsAre("192.168.7.5", "10.1.0.5", "fd00::5"));
  EXPECT_THAT(Admit("10.0.0.0/8"), ElementsAre("10.1.0.5"));
  EXPECT_THAT(Admit("fd00::/8,192.168.7.5"), ElementsAre("fd00::5", "192.168.7.5"));
  EXPECT_THAT(Admit("eth0,10.0.0.0/8"), ElementsAre("10.1.0.5", "fd00::5"));
  EXPECT_THAT(Admit("lo"), ElementsAre("127.0.0.1", "::1"));
}

TEST(InterfacePattern, ACaretExcludes) {
  EXPECT_THAT(Admit("^docker0"), ElementsAre("10.1.0.5", "fd00::5", "192.168.7.5"));
  EXPECT_THAT(Admit("^docker0,10.0.0.0/8,fd00::/8"), ElementsAre("192.168.7.5"));
  EXPECT_THAT(Admit("^docker0,eth0,ib0", true), ElementsAre("127.0.0.1", "::1"));
  EXPECT_THAT(Admit("^docker0,eth0,ib0"), IsEmpty());
}

TEST(InterfacePattern, DownAndLinkLocalAreNeverAdmitted) {
  EXPECT_THAT(Admit("eth1"), IsEmpty());
  EXPECT_THAT(Admit("fe80::/10"), IsEmpty());
}

TEST(InterfacePattern, AMalformedEntryIsQuoted) {
  for (const char* pattern : {"10.0.0.0/33", "eth0,,ib0", "^", "x/8", "eth0, ib0", "^^eth0"}) {
    EXPECT_FALSE(AdmitInterfaces(Host(), pattern, false).ok()) << pattern;
  }
  EXPECT_THAT(Admit("eth0,10.0.0.0/33")[0], AllOf(HasSubstr("\"10.0.0.0/33\""), HasSubstr("CIDR")));
}

TEST(AddressChoice, TheRouteToRankZeroIsTaken) {
  EXPECT_EQ(Choose("", Ip("192.168.7.5")), "192.168.7.5");
  EXPECT_EQ(Choose("", Ip("fd00::5")), "fd00::5");
}

TEST(AddressChoice, ALoopbackThatANameHappensToResolveToIsNotTaken) {
  EXPECT_EQ(Choose("", Ip("127.0.1.1"), false, Ip("192.168.7.5")), "192.168.7.5");
  EXPECT_EQ(Choose("", Ip("127.0.1.1")), "172.17.0.1");  // the first that is not loopback
  EXPECT_EQ(Choose("^docker0", Ip("127.0.1.1")), "10.1.0.5");
}

TEST(AddressChoice, LoopbackIsTakenWhereItIsMeant) {
  EXPECT_EQ(Choose("", Ip("127.0.0.1"), true), "127.0.0.1");
  EXPECT_EQ(Choose("", std::nullopt, true), "127.0.0.1");
}

TEST(AddressChoice, RankZeroWithoutARouteUsesTheDefaultRoute) {
  EXPECT_EQ(Choose("", std::nullopt, false, Ip("10.1.0.5")), "10.1.0.5");
}

TEST(AddressChoice, APatternGoesBeforeTheRoute) {
  EXPECT_EQ(Choose("ib0", Ip("10.1.0.5")), "192.168.7.5");
  EXPECT_EQ(Choose("eth0", Ip("fd00::5")), "fd00::5");  // admitted and on the route
  EXPECT_EQ(Choose("10.0.0.0/8,ib0", Ip("192.168.7.5")), "192.168.7.5");
  EXPECT_EQ(Choose("eth0", Ip("2001:db8::9")), "fd00::5");  // same IP version as the route
}

TEST(AddressChoice, WhenNothingMatchesTheErrorListsWhatThereIs) {
  EXPECT_THAT(Choose("wlan0", Ip("10.1.0.5")),
              AllOf(HasSubstr("\"wlan0\""), HasSubstr("eth0 10.1.0.5"), HasSubstr("eth1 10.2.0.5 (down)")));
}

TEST(AddressChoice, AHostWithoutAnyNetworkUsesLoopback) {
  const std::vector<NetworkInterface> only_loopback = {{"lo", Ip("127.0.0.1"), true}};
  AddressQuestion question;
  question.interfaces = only_loopback;
  EXPECT_EQ(ChooseAddress(question)->ToString(), "127.0.0.1");
}

TEST(Interfaces, TheSystemsListHoldsLoopback) {
  const auto interfaces = ListInterfaces();
  ASSERT_TRUE(interfaces.ok());
  bool found = false;
  for (const NetworkInterface& interface : *interfaces) found = found || interface.address.IsLoopback();
  EXPECT_TRUE(found);
}

TEST(IpAddress, ReadsAndWritesBothVersions) {
  for (const char* text : {"10.0.0.1", "::1", "fd00::5", "255.255.255.255"}) EXPECT_EQ(Ip(text).ToString(), text);
  EXPECT_EQ(Ip("::ffff:10.0.0.1"), Ip("10.0.0.1"));
  for (const char* text : {"", "10.0.0", "10.0.0.256", "host", "fd00::5/8", "1:2"}) {
    EXPECT_FALSE(IpAddress::Parse(text).has_value()) << text;
  }
  EXPECT_TRUE(Ip("127.8.8.8").IsLoopback());
  EXPECT_TRUE(Ip("::1").IsLoopback());
  EXPECT_FALSE(Ip("::2").IsLoopback());
  EXPECT_TRUE(Ip("::").IsAny());
  EXPECT_TRUE(Ip("fe80::9").IsLinkLocal());
  EXPECT_TRUE(Ip("169.254.1.1").IsLinkLocal());
}

TEST(IpBlock, ContainsWhatItsPrefixCovers) {
  EXPECT_TRUE(IpBlock::Parse("10.0.0.0/8")->Contains(Ip("10.255.0.1")));
  EXPECT_FALSE(IpBlock::Parse("10.0.0.0/8")->Contains(Ip("11.0.0.1")));
  EXPECT_TRUE(IpBlock::Parse("10.1.2.128/25")->Contains(Ip("10.1.2.200")));
  EXPECT_FALSE(IpBlock::Parse("10.1.2.128/25")->Contains(Ip("10.1.2.100")));
  EXPECT_TRUE(IpBlock::Parse("0.0.0.0/0")->Contains(Ip("1.2.3.4")));
  EXPECT_FALSE(IpBlock::Parse("0.0.0.0/0")->Contains(Ip("::1")));
  EXPECT_TRUE(IpBlock::Parse("fd00::/8")->Contains(Ip("fdff::1")));
  EXPECT_FALSE(IpBlock::Parse("fd00::/129").has_value());
}

TEST(SocketAddress, SurvivesTheNativeForm) {
  for (const SocketAddress& address : {SocketAddress{Ip("10.0.0.1"), 80}, SocketAddress{Ip("fd00::1"), 65535}}) {
    sockaddr_storage native;
    address.ToNative(&native);
    EXPECT_EQ(SocketAddress::FromNative(reinterpret_cast<const sockaddr*>(&native)), address);
  }
  EXPECT_EQ((SocketAddress{Ip("fd00::1"), 80}).ToString(), "[fd00::1]:80");
  EXPECT_FALSE(SocketAddress::FromNative(nullptr).has_value());
}

}  // namespace
}  // namespace tutti
