// SPDX-License-Identifier: Apache-2.0
// The small parts that the transport is made of: addresses, tables, pools, credits.
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"

#include "lib/base/prng.h"
#include "lib/transport/buffer_pool.h"
#include "lib/transport/closed_channels.h"
#include "lib/transport/credits.h"
#include "lib/transport/match_table.h"
#include "transports/tcp/address.h"

namespace tutti::tcp {
namespace {

TEST(TcpAddress, SurvivesTheTripForBothFamilies) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    TcpAddress address;
    address.socket = *SocketAddress::ParseNumeric(host);
    reinterpret_cast<sockaddr_in&>(address.socket.storage).sin_port = htons(4711);  // the same place in both
    for (size_t i = 0; i < address.endpoint.size(); ++i) address.endpoint[i] = static_cast<uint8_t>(i);
    const std::string blob = address.Encode();
    EXPECT_LE(blob.size(), 512u);
    const auto decoded = TcpAddress::Decode(blob);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->socket.ToString(), address.socket.ToString());
    EXPECT_EQ(decoded->endpoint, address.endpoint);
  }
}

TEST(TcpAddress, BlobsOfAnyOtherShapeAreRefused) {
  TcpAddress address;
  address.socket = *SocketAddress::ParseNumeric("127.0.0.1");
  reinterpret_cast<sockaddr_in&>(address.socket.storage).sin_port = htons(4711);
  const std::string blob = address.Encode();
  for (size_t length = 0; length < blob.size(); ++length) EXPECT_FALSE(TcpAddress::Decode(blob.substr(0, length)).ok());
  EXPECT_FALSE(TcpAddress::Decode(blob + "x").ok());
  std::string other = blob;
  other[0] = 9;  // version
  EXPECT_FALSE(TcpAddress::Decode(other).ok());
  other = blob;
  other[1] = 5;  // family
  EXPECT_FALSE(TcpAddress::Decode(other).ok());
  other = blob;
  other[2] = other[3] = 0;  // port
  EXPECT_FALSE(TcpAddress::Decode(other).ok());
  other = blob;
  other[4] = other[5] = other[6] = other[7] = 0;  // host
  EXPECT_FALSE(TcpAddress::Decode(other).ok());
}

TEST(TcpAddress, OnlyNumbersAreParsed) {
  EXPECT_FALSE(SocketAddress::ParseNumeric("localhost").ok());
  EXPECT_FALSE(SocketAddress::ParseNumeric("").ok());
  EXPECT_FALSE(SocketAddress::ParseNumeric("1.2.3.4.5").ok());
  EXPECT_TRUE(SocketAddress::ParseNumeric("0.0.0.0")->IsWildcard());
  EXPECT_TRUE(SocketAddress::ParseNumeric("::")->IsWildcard());
}

TEST(TcpMatchTable, AgreesWithAMapUnderRandomUse) {
  MatchTable<uint64_t> table;
  std::map<std::tuple<uint32_t, uint32_t, uint64_t>, uint64_t> model;
  Prng prng(1);
  for (int round = 0; round < 200000; ++round) {
    // Few distinct ids, so that finds and erases often hit.
    const MessageId id{static_cast<uint32_t>(prng.Below(3)), static_cast<uint32_t>(prng.Below(8)), prng.Below(40)};
    const auto key = std::make_tuple(id.channel, id.index, id.sequence);
    uint64_t* found = table.Find(id);
    const auto expected = model.find(key);
    ASSERT_EQ(found != nullptr, expected != model.end());
    if (found != nullptr) {
      ASSERT_EQ(*found, expected->second);
    }
    if (found == nullptr && prng.Chance(0.6)) {
      *table.Insert(id) = model[key] = prng.Next();
    } else if (found != nullptr && prng.Chance(0.4)) {
      table.Erase(id);
      model.erase(key);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  table.EraseIf([](const MessageId& id, uint64_t&) { return id.channel == 1; });
  for (const auto& [key, value] : model) {
    const MessageId id{std::get<0>(key), std::get<1>(key), std::get<2>(key)};
    EXPECT_EQ(table.Find(id) != nullptr, id.channel != 1);
  }
}

TEST(TcpClosedChannels, NeighboursBecomeOneRange) {
  ClosedChannels closed;
  std::set<uint32_t> model;
  Prng prng(2);
  for (int round = 0; round < 500; ++round) {
    const auto channel = static_cast<uint32_t>(prng.Below(300));
    closed.Add(channel);
    model.insert(channel);
    for (uint32_t probe = 0; probe < 302; ++probe) ASSERT_EQ(closed.Contains(probe), model.count(probe) == 1) << probe;
  }
  for (uint32_t channel = 0; channel < 300; ++channel) closed.Add(channel);
  EXPECT_EQ(closed.num_ranges(), 1u);
  closed.Add(UINT32_MAX);
  closed.Add(UINT32_MAX - 1);
  EXPECT_TRUE(closed.Contains(UINT32_MAX));
  EXPECT_FALSE(closed.Contains(300));
  EXPECT_EQ(closed.num_ranges(), 2u);
}

TEST(TcpBufferPool, FreedMemoryIsUsedAgain) {
  BufferPool pool;
  uint64_t first_round_bytes = 0;
  for (int round = 0; round < 100; ++round) {
    std::vector<BufferPool::Buffer> buffers;
    for (uint64_t bytes : {1u, 64u, 65u, 5000u, 16384u}) {
      buffers.push_back(pool.Allocate(bytes));
      buffers.back().data[bytes - 1] = 1;
    }
    for (const auto& buffer : buffers) pool.Free(buffer);
    if (round == 0) first_round_bytes = pool.peak_bytes();
  }
  EXPECT_GE(first_round_bytes, 64u + 64u + 128u + 8192u + 16384u);
  EXPECT_EQ(pool.peak_bytes(), first_round_bytes);
  pool.Free({});  // no memory: no effect
}

TEST(TcpCredits, WhatIsTakenMustComeBackBeforeMoreIsTaken) {
  SendCredit sender;
  ReceiveCredit receiver(1000);
  sender.Grant(1000);
  EXPECT_TRUE(sender.Take(600));
  EXPECT_FALSE(sender.Take(600));
  EXPECT_TRUE(receiver.Arrived(600));
  EXPECT_FALSE(receiver.Arrived(600));
  EXPECT_FALSE(receiver.ReturnIsDue());
  receiver.Consumed(600);
  EXPECT_TRUE(receiver.ReturnIsDue());
  const uint32_t returned = receiver.TakeReturn();
  EXPECT_EQ(returned, 600u);
  receiver.PutBack(returned);
  EXPECT_EQ(receiver.TakeReturn(), 600u);
  EXPECT_FALSE(sender.GiveBack(601));
  EXPECT_TRUE(sender.GiveBack(600));
  EXPECT_TRUE(receiver.Arrived(1000));
}

}  // namespace
}  // namespace tutti::tcp
