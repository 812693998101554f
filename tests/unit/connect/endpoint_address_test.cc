// SPDX-License-Identifier: Apache-2.0
#include "lib/connect/endpoint_address.h"

#include <array>
#include <string>

#include "gtest/gtest.h"

namespace tutti::connect {
namespace {

TEST(EndpointAddress, SurvivesTheTripForBothFamilies) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    EndpointAddress address;
    address.socket = *SocketAddress::ParseNumeric(host);
    reinterpret_cast<sockaddr_in&>(address.socket.storage).sin_port = htons(4711);  // the same place in both
    for (size_t i = 0; i < address.endpoint.size(); ++i) address.endpoint[i] = static_cast<uint8_t>(i);
    const std::string blob = address.Encode();
    EXPECT_LE(blob.size(), 512u);
    const auto decoded = EndpointAddress::Decode(blob);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->socket.ToString(), address.socket.ToString());
    EXPECT_EQ(decoded->endpoint, address.endpoint);
  }
}

TEST(EndpointAddress, BlobsOfAnyOtherShapeAreRefused) {
  EndpointAddress address;
  address.socket = *SocketAddress::ParseNumeric("127.0.0.1");
  reinterpret_cast<sockaddr_in&>(address.socket.storage).sin_port = htons(4711);
  const std::string blob = address.Encode();
  for (size_t length = 0; length < blob.size(); ++length)
    EXPECT_FALSE(EndpointAddress::Decode(blob.substr(0, length)).ok());
  EXPECT_FALSE(EndpointAddress::Decode(blob + "x").ok());
  std::string other = blob;
  other[0] = 9;  // version
  EXPECT_FALSE(EndpointAddress::Decode(other).ok());
  other = blob;
  other[1] = 5;  // family
  EXPECT_FALSE(EndpointAddress::Decode(other).ok());
  other = blob;
  other[2] = other[3] = 0;  // port
  EXPECT_FALSE(EndpointAddress::Decode(other).ok());
  other = blob;
  other[4] = other[5] = other[6] = other[7] = 0;  // host
  EXPECT_FALSE(EndpointAddress::Decode(other).ok());
}

TEST(EndpointAddress, OnlyNumbersAreParsed) {
  EXPECT_FALSE(SocketAddress::ParseNumeric("localhost").ok());
  EXPECT_FALSE(SocketAddress::ParseNumeric("").ok());
  EXPECT_FALSE(SocketAddress::ParseNumeric("1.2.3.4.5").ok());
  EXPECT_TRUE(SocketAddress::ParseNumeric("0.0.0.0")->IsWildcard());
  EXPECT_TRUE(SocketAddress::ParseNumeric("::")->IsWildcard());
}

TEST(EndpointAddress, SurvivesTheTripForAUnixSocket) {
  EndpointAddress address;
  std::array<uint8_t, 16> name = {};
  for (size_t i = 0; i < name.size(); ++i) name[i] = static_cast<uint8_t>(17 * i);
  address.socket = SocketAddress::Unix(name);
  address.endpoint[3] = 5;
  const auto decoded = EndpointAddress::Decode(address.Encode());
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->socket.ToString(), "unix:@tutti-00112233445566778899aabbccddeeff");
  EXPECT_EQ(decoded->endpoint, address.endpoint);
  EXPECT_FALSE(decoded->socket.IsWildcard());
  std::string other = address.Encode();
  other[3] = 1;  // a Unix socket has no port
  EXPECT_FALSE(EndpointAddress::Decode(other).ok());
}

}  // namespace
}  // namespace tutti::connect
