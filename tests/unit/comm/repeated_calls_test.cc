// SPDX-License-Identifier: Apache-2.0
#include "lib/comm/repeated_calls.h"

#include <gtest/gtest.h>

#include "collectives/algorithms/registry.h"
#include "collectives/schedule/builder.h"

namespace tutti {
namespace {

class RepeatedCallsTest : public ::testing::Test {
 protected:
  static CollectiveCall CallOf(uint64_t count) {
    return {.collective = Collective::kAllReduce, .count = count, .type = DataType::kFloat32, .op = ReduceOp::kSum};
  }

  Operation& Bind(uint64_t count) {
    PlanKey key;
    key.shape.num_ranks = 2;
    key.shape.count = count;
    key.type = DataType::kFloat32;
    auto acquired = plans_.Acquire(key, [&]() -> absl::StatusOr<Plan> {
      ScheduleBuilder builder(key.shape, 0);
      builder.Send(1, Input(0, key.shape.count));
      return Plan::Compile(std::move(builder).Build(), {0, 1}, key.type, key.op);
    });
    EXPECT_TRUE(acquired.ok()) << acquired.status();
    return *acquired->operation;
  }

  // As after a call that has ended.
  Operation& BindAndRemember(const CollectiveCall& call) {
    Operation& operation = Bind(call.count);
    repeated_.Remember(call, plans_, operation);
    operation.Release();
    return operation;
  }

  Operation* Claim(const CollectiveCall& call, bool timed = false) { return repeated_.Claim(call, plans_, timed); }

  PlanCache plans_;
  RepeatedCalls repeated_;
};

TEST_F(RepeatedCallsTest, NothingIsKnownAtFirst) { EXPECT_EQ(Claim(CallOf(10)), nullptr); }

TEST_F(RepeatedCallsTest, OtherBuffersAndLimitsAreTheSameCall) {
  Operation& operation = BindAndRemember(CallOf(10));
  CollectiveCall again = CallOf(10);
  float values[10] = {};
  again.send = again.recv = values;
  again.timeout_ns = 5;
  again.budget_ns = 5000;
  again.urgent = true;
  EXPECT_EQ(Claim(again), &operation);
  EXPECT_TRUE(operation.in_use());
}

TEST_F(RepeatedCallsTest, WhatDiffersInAnythingElseIsAnotherCall) {
  BindAndRemember(CallOf(10));
  std::vector<CollectiveCall> others(6, CallOf(10));
  others[0].count = 11;
  others[1].collective = Collective::kReduce;
  others[2].type = DataType::kInt32;
  others[3].op = ReduceOp::kMax;
  others[4].in_place = true;
  others[5].root = 1;
  for (const Algorithm& algorithm : Algorithms(Collective::kAllReduce)) {
    others.push_back(CallOf(10));
    others.back().algorithm = &algorithm;
  }
  for (size_t i = 0; i < others.size(); ++i) EXPECT_EQ(Claim(others[i]), nullptr) << i;
  EXPECT_NE(Claim(CallOf(10)), nullptr);
}

TEST_F(RepeatedCallsTest, CallsWithSomethingOfTheirOwnAreNeitherRememberedNorFound) {
  const double scale = 2;
  const RankBlocks blocks;
  CommCodec* const codec = reinterpret_cast<CommCodec*>(this);    // not looked into
  const UserOp* const user_op = reinterpret_cast<UserOp*>(this);  // likewise
  std::vector<CollectiveCall> own(5, CallOf(10));
  own[0].scale = &scale;
  own[1].blocks = &blocks;
  own[2].codec = codec;
  own[3].user_op = user_op;
  own[4].fused_calls = 2;
  for (size_t i = 0; i < own.size(); ++i) {
    BindAndRemember(CallOf(10));
    EXPECT_EQ(Claim(own[i]), nullptr) << i;
    own[i].count = 11;
    BindAndRemember(own[i]);
    EXPECT_EQ(Claim(own[i]), nullptr) << i;
    EXPECT_EQ(Claim(CallOf(11)), nullptr) << i;
  }
}

TEST_F(RepeatedCallsTest, SeveralAreKnownAndTheLaterOneDisplacesTheEarlier) {
  constexpr uint64_t kCalls = 200;
  std::vector<Operation*> operations;
  for (uint64_t count = 0; count < kCalls; ++count) operations.push_back(&BindAndRemember(CallOf(count)));
  uint64_t known = 0;
  for (uint64_t count = 0; count < kCalls; ++count) {
    Operation* const found = Claim(CallOf(count));
    if (found == nullptr) continue;
    ++known;
    EXPECT_EQ(found, operations[count]) << count;
    found->Release();
  }
  EXPECT_EQ(Claim(CallOf(kCalls - 1)), operations.back());
  EXPECT_GE(known, 30u);
  EXPECT_LE(known, 64u);
}

TEST_F(RepeatedCallsTest, WhatOtherCallsHaveMadeOfAnOperationIsUndone) {
  Operation& operation = Bind(10);
  operation.signature = 77;
  operation.first_run = true;
  repeated_.Remember(CallOf(10), plans_, operation);
  std::byte input[40], output[40], old[40];
  operation.user = {old, old};
  operation.scaling = {old, 10, 2.0};
  operation.signature = 78;
  operation.Release();
  CollectiveCall again = CallOf(10);
  again.send = input;
  again.recv = output;
  ASSERT_EQ(Claim(again), &operation);
  EXPECT_EQ(operation.user[0], input);
  EXPECT_EQ(operation.user[1], output);
  EXPECT_EQ(operation.scaling.count, 0u);
  EXPECT_EQ(operation.signature, 77u);
  EXPECT_FALSE(operation.first_run);
}

TEST_F(RepeatedCallsTest, AnOperationInUseIsNotTaken) {
  Operation& operation = BindAndRemember(CallOf(10));
  ASSERT_EQ(Claim(CallOf(10)), &operation);
  EXPECT_EQ(Claim(CallOf(10)), nullptr);
  operation.Release();
  EXPECT_EQ(Claim(CallOf(10)), &operation);
}

TEST_F(RepeatedCallsTest, ATimedCallNeedsARecord) {
  Operation& operation = BindAndRemember(CallOf(10));
  EXPECT_EQ(Claim(CallOf(10), /*timed=*/true), nullptr);
  EXPECT_FALSE(operation.in_use());
  operation.record = reinterpret_cast<OperationRecord*>(this);  // not looked into
  EXPECT_EQ(Claim(CallOf(10), /*timed=*/true), &operation);
}

TEST_F(RepeatedCallsTest, AnOperationThatWasDroppedIsNotTouched) {
  BindAndRemember(CallOf(10));
  for (uint64_t count = 100; plans_.dropped() == 0; ++count) Bind(count).Release();
  EXPECT_EQ(Claim(CallOf(10)), nullptr);
}

}  // namespace
}  // namespace tutti
