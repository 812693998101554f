// SPDX-License-Identifier: Apache-2.0
#include "lib/engine/call_chain.h"

#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace tutti {
namespace {

// A rank with what it shows.
struct Caller {
  CallChain chain;
  std::unique_ptr<CallLog> log = std::make_unique<CallLog>();
  uint64_t agreed = 0;

  void Call(uint64_t signature) {
    chain.Add(signature);
    chain.Show(*log);
  }
  std::optional<CallChain::Difference> Look(const Caller& other) { return chain.Compare(*other.log, &agreed); }
};

void ExpectDifference(const std::optional<CallChain::Difference>& found, uint64_t number, uint64_t here,
                      uint64_t there) {
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->number, number);
  EXPECT_EQ(found->here, here);
  EXPECT_EQ(found->there, there);
}

TEST(CallChain, AgreesAsFarAsBothHaveCalledTheSame) {
  Caller one, other;
  EXPECT_FALSE(one.Look(other).has_value());
  for (uint64_t call = 0; call < 1000; ++call) {
    one.Call(call % 7);
    EXPECT_FALSE(one.Look(other).has_value());
    EXPECT_EQ(one.agreed, call);
    other.Call(call % 7);
    EXPECT_FALSE(one.Look(other).has_value());
    EXPECT_EQ(one.agreed, call + 1);
  }
}

TEST(CallChain, TellsTheFirstCall) {
  Caller one, other;
  one.Call(5);
  other.Call(6);
  ExpectDifference(one.Look(other), 0, 5, 6);
  ExpectDifference(other.Look(one), 0, 6, 5);
}

// However many calls, the same again, have been made since, as long as the links of that time are kept.
TEST(CallChain, TellsWhichCallDifferedLater) {
  for (const uint64_t later : {0, 1, 50, 120}) {
    for (const bool looked_before : {false, true}) {
      Caller one, other;
      for (uint64_t call = 0; call < 300; ++call) {
        one.Call(call);
        other.Call(call);
        if (looked_before) {
          EXPECT_FALSE(one.Look(other).has_value());
        }
      }
      one.Call(1000);
      other.Call(2000);
      for (uint64_t call = 0; call < later; ++call) {
        one.Call(call);
        other.Call(call);
      }
      ExpectDifference(one.Look(other), 300, 1000, 2000);
    }
  }
}

TEST(CallChain, NeverForgetsThatOneDiffered) {
  Caller one, other;
  one.Call(1000);
  other.Call(2000);
  for (uint64_t call = 0; call < 100'000; ++call) {
    one.Call(3);
    other.Call(3);
  }
  const auto found = one.Look(other);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->here, 0u);
  EXPECT_EQ(found->there, 0u);
}

TEST(CallChain, WaitsForOneThatIsFarBehind) {
  Caller one, other;
  for (uint64_t call = 0; call < 10 * CallLog::kLinks; ++call) one.Call(call);
  for (uint64_t call = 0; call < 10 * CallLog::kLinks; ++call) {
    EXPECT_FALSE(one.Look(other).has_value());
    EXPECT_FALSE(other.Look(one).has_value());
    other.Call(call);
  }
  EXPECT_FALSE(one.Look(other).has_value());
  EXPECT_EQ(one.agreed, 10 * CallLog::kLinks);
}

TEST(CallChain, ShowsManyCallsAtOnce) {
  Caller one, other;
  for (const uint64_t calls : {1u, 2u, 127u, 128u, 129u, 500u}) {
    for (uint64_t call = 0; call < calls; ++call) {
      one.chain.Add(call);
      other.Call(call);
    }
    EXPECT_EQ(one.chain.hidden(), calls);
    one.chain.Show(*one.log);
    EXPECT_EQ(one.chain.hidden(), 0u);
    EXPECT_FALSE(other.Look(one).has_value());
    EXPECT_EQ(other.agreed, other.chain.shown());
  }
}

// Whoever reads while the other one writes never sees a difference that is not there.
TEST(CallChain, MayBeReadWhileItIsWritten) {
  constexpr uint64_t kCalls = 20'000;
  Caller callers[2];
  const auto run = [&](size_t self) {
    Caller& caller = callers[self];
    for (uint64_t call = 0; call < kCalls; ++call) {
      caller.chain.Add(call * call);
      if (call % 50 < 25) caller.chain.Show(*caller.log);
      ASSERT_FALSE(caller.Look(callers[1 - self]).has_value());
    }
    caller.chain.Show(*caller.log);
  };
  std::thread other([&] { run(1); });
  run(0);
  other.join();
  EXPECT_FALSE(callers[0].Look(callers[1]).has_value());
  EXPECT_EQ(callers[0].agreed, kCalls);
}

}  // namespace
}  // namespace tutti
