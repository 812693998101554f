// SPDX-License-Identifier: Apache-2.0
// The small parts that transports are made of: tables, pools, credits.
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

namespace tutti {
namespace {

TEST(MatchTable, AgreesWithAMapUnderRandomUse) {
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

TEST(ClosedChannels, NeighboursBecomeOneRange) {
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

TEST(BufferPool, FreedMemoryIsUsedAgain) {
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

TEST(Credits, WhatIsTakenMustComeBackBeforeMoreIsTaken) {
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
}  // namespace tutti
